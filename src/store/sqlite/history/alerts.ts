/** The store's alerts: a step for each method of the port. */

import type { AlertStore, PageAfter } from '../../../engine/ports.ts'
import type { AlertDelivery, AlertKind, AlertRow } from '../../../model/alert.ts'
import type { Connection } from '../file/connection.ts'
import type { AddStep } from '../file/step-queue.ts'
import { FIND_ALERT, LIST_ALERTS, SAVE_ALERT } from './alert-queries.ts'

interface AlertRecord {
  readonly id: string
  readonly kind: string
  readonly subject: string | null
  readonly message: string
  readonly raised_at: number
  readonly deliveries: string
}

export function alertStore(step: AddStep): AlertStore {
  return {
    save: ({ id, kind, subject, message, at, deliveries }) =>
      step('write', (connection) => {
        connection.run(SAVE_ALERT, id, kind, subject, message, at, JSON.stringify(deliveries))
      }),
    list: (page) => step('read', (connection) => listAlerts(connection, page)),
  }
}

function listAlerts(connection: Connection, { limit, offset, after }: PageAfter): readonly AlertRow[] {
  const place =
    after === undefined ? { seq: Number.MAX_SAFE_INTEGER } : connection.one<{ readonly seq: number }>(FIND_ALERT, after)
  return place === undefined ? [] : connection.all<AlertRecord>(LIST_ALERTS, place.seq, limit, offset).map(alertRow)
}

function alertRow({ kind, raised_at, deliveries, ...record }: AlertRecord): AlertRow {
  return {
    id: record.id,
    kind: kind as AlertKind,
    subject: record.subject,
    message: record.message,
    at: raised_at,
    deliveries: JSON.parse(deliveries) as AlertDelivery[],
  }
}

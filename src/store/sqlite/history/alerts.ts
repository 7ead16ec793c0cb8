/** The store's alerts: a step for each method of the port. */

import type { AlertStore, PageAfter } from '../../../engine/ports.ts'
import type { AlertRow } from '../../../model/alert.ts'
import { type AlertRecord, alertRow } from '../../history-rows.ts'
import type { AddStep } from '../../steps.ts'
import type { Connection } from '../file/connection.ts'
import { FIND_ALERT, LIST_ALERTS, SAVE_ALERT } from './alert-queries.ts'

export function alertStore(step: AddStep<Connection>): AlertStore {
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

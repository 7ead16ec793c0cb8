/** Steps of alerts. */

import type { AlertStore } from '../../engine/ports.ts'
import type { AlertDelivery, AlertRow } from '../../model/alert.ts'
import { method, type RunStep } from '../session.ts'
import { placeAfter } from './pages.ts'

type AlertRecord = Omit<AlertRow, 'deliveries'> & { readonly deliveries: string }

const SAVE_ALERT = `
INSERT INTO alerts (id, kind, subject, message, raised_at, deliveries) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET deliveries = excluded.deliveries`

/** The page that starts after a place in the order. */
const LIST_ALERTS = `
SELECT id, kind, subject, message, raised_at AS at, deliveries FROM alerts
WHERE seq < $1 ORDER BY seq DESC LIMIT $2 OFFSET $3`

export function alertStore(run: RunStep): AlertStore {
  return {
    save: method(run, 'write', function* (session, { id, kind, subject, message, at, deliveries }) {
      session.run(SAVE_ALERT, id, kind, subject, message, at, JSON.stringify(deliveries))
    }),
    list: method(run, 'read', function* (session, { limit, offset, after }) {
      const place = yield* placeAfter(session, 'SELECT raised_at AS at, seq FROM alerts WHERE id = $1', after)
      if (place === null) return []
      const records = yield* session.all<AlertRecord>(LIST_ALERTS, place.seq, limit, offset)
      return records.map((record) => ({ ...record, deliveries: JSON.parse(record.deliveries) as AlertDelivery[] }))
    }),
  }
}

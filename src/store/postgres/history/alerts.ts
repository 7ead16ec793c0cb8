/** The store's alerts: a step for each method of the port. */

import type { AlertStore } from '../../../engine/ports.ts'
import { type AlertRecord, alertRow } from '../../history-rows.ts'
import type { AddStep } from '../steps.ts'

const SAVE_ALERT = `
INSERT INTO alerts (id, kind, subject, message, raised_at, deliveries) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET deliveries = excluded.deliveries`

const LIST_ALERTS = `
SELECT id, kind, subject, message, raised_at, deliveries FROM alerts
WHERE $3::text IS NULL OR seq < (SELECT seq FROM alerts WHERE id = $3) ORDER BY seq DESC LIMIT $1 OFFSET $2`

export function alertStore(step: AddStep): AlertStore {
  return {
    save: ({ id, kind, subject, message, at, deliveries }) =>
      step('write', async (session) => {
        await session.run(SAVE_ALERT, id, kind, subject, message, at, JSON.stringify(deliveries))
      }),
    list: ({ limit, offset, after = null }) =>
      step('read', async (session) =>
        (await session.all<AlertRecord>(LIST_ALERTS, limit, offset, after)).map(alertRow),
      ),
  }
}

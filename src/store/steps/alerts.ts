/** Steps of alerts. */

import type { AlertStore, PageAfter } from '../../engine/ports.ts'
import type { AlertRow } from '../../model/alert.ts'
import { type AlertRecord, alertRow } from '../history-rows.ts'
import type { RunStep, Session, Step } from '../session.ts'
import { FIND_ALERT, LIST_ALERTS, SAVE_ALERT } from '../sql/alerts.ts'
import { placeAfter } from './pages.ts'

export function alertStore(run: RunStep): AlertStore {
  return {
    save: ({ id, kind, subject, message, at, deliveries }) =>
      run('write', function* (session) {
        session.run(SAVE_ALERT, id, kind, subject, message, at, JSON.stringify(deliveries))
      }),
    list: (page) => run('read', (session) => listAlerts(session, page)),
  }
}

function* listAlerts(session: Session, { limit, offset, after }: PageAfter): Step<readonly AlertRow[]> {
  const place = yield* placeAfter(session, FIND_ALERT, after)
  if (place === null) return []
  return (yield* session.all<AlertRecord>(LIST_ALERTS, place.seq, limit, offset)).map(alertRow)
}

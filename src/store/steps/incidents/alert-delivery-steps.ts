/**
 * Steps of the deliveries of alerts. A delivery is pending until an attempt succeeds or the engine gives up:
 *
 *   due ──take──▶ taken, due again after `TAKEN_MS` ──settleDelivery──▶ pending, due later; delivered; or failed
 *    └── `GIVE_UP_AFTER_MS` after the message: failed
 */

import type { DeliveryTake, SetForward, TakenDelivery } from '../../../engine/incidents/incident-store.ts'
import {
  type Alert,
  type AlertDelivery,
  type DeliveryTarget,
  GIVE_UP_AFTER_MS,
  MAX_DELIVERY_WAIT_MS,
  TAKEN_MS,
} from '../../../model/alert.ts'
import * as sql from '../../sql/incident-sql.ts'
import type { Session, Step } from '../../store-session.ts'

/** A delivery that is due later than after the longest wait was stored before a clock was set back. */
const MAX_DUE_IN_MS = MAX_DELIVERY_WAIT_MS + 60_000

const NEVER_SET: SetForward = { beforeAt: 0, byMs: 0 }

interface TakenRecord extends DeliveryTarget {
  readonly alertSeq: number
  readonly attempts: number
}

/** Returns whether `takeDeliveries` would change something. */
export function* hasDueDeliveries(session: Session, take: DeliveryTake): Step<boolean> {
  const found = yield* session.one(session.sql.incidents.hasDue, ...dueValues(take), giveUpBefore(take))
  return found !== undefined
}

export function* takeDeliveries(session: Session, take: DeliveryTake): Step<TakenDelivery[]> {
  const { at, limit, setForward = NEVER_SET } = take
  const { giveUpDeliveries, listAlerts, takeDeliveries } = session.sql.incidents
  session.run(giveUpDeliveries, at, giveUpBefore(take))
  const taken = yield* session.all<TakenRecord>(takeDeliveries, ...dueValues(take), limit, at + TAKEN_MS)
  if (taken.length === 0) return []
  const seqs = [...new Set(taken.map(({ alertSeq }) => alertSeq))]
  const records = yield* session.all<Alert & { readonly seq: number }>(listAlerts, seqs)
  const deliveries: TakenDelivery[] = []
  for (const { seq, ...alert } of records) {
    for (const { alertSeq, receiver, to, attempts } of taken) {
      if (alertSeq !== seq) continue
      const youngerByMs = alert.at <= setForward.beforeAt ? setForward.byMs : 0
      if (alert.at + youngerByMs > at - GIVE_UP_AFTER_MS) deliveries.push({ alert, target: { receiver, to }, attempts })
      else session.run(sql.GIVE_UP_DELIVERY, at, seq, receiver, to)
    }
  }
  return deliveries
}

function dueValues({ targets, at }: DeliveryTake) {
  return [at, at + MAX_DUE_IN_MS, targets.map(({ receiver, to }) => `${to} ${receiver}`)] as const
}

/** Returns the due time of deliveries that no engine takes any more. */
function giveUpBefore({ at, setForward = NEVER_SET }: DeliveryTake): number {
  return at - GIVE_UP_AFTER_MS - setForward.byMs
}

export function* settleDelivery(
  session: Session,
  alertId: string,
  delivery: AlertDelivery,
  dueAt: number | null,
): Step<void> {
  session.run(sql.SETTLE_DELIVERY, alertId, ...deliveryValues(delivery, dueAt ?? 0))
}

export function insertDelivery(session: Session, alertId: string, delivery: AlertDelivery, dueAt: number): void {
  session.run(sql.INSERT_DELIVERY, alertId, ...deliveryValues(delivery, dueAt))
}

function deliveryValues(delivery: AlertDelivery, dueAt: number) {
  const { receiver, to, outcome, attempts, response, error, endedAt } = delivery
  return [receiver, to, outcome, attempts, response, error, endedAt, dueAt]
}

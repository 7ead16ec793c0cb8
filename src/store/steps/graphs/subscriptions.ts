/** Steps of subscriptions. See the methods of the port that have the same names. */

import type { GraphStore, NewSubscription, PendingSubscription, SubscriptionStep } from '../../../engine/ports.ts'
import type { Subscription } from '../../../model/graphs/rows.ts'
import { reactorFiring } from '../../graphs/rows.ts'
import type { Stored } from '../../rows.ts'
import type { Session, Step } from '../../session.ts'
import * as sql from '../../sql/subscriptions.ts'
import { insertExecutions } from '../executions/creation.ts'
import { firingsAfter } from './reactors.ts'

type SubscriptionFilter = Parameters<GraphStore['listSubscriptions']>[0]

interface SubscriptionRecord extends Stored<Omit<Subscription, 'waiting'>, never, 'isEnabled' | 'isDegraded'> {
  readonly seq: number
  readonly replay: number
  /** Null, like the next two fields, if there is no such reactor. The oldest firing is null if no firing is kept. */
  readonly firstFiring: number | null
  readonly reactorSeq: number | null
  readonly key: string | null
  /** 0 if there is no such reactor. */
  readonly lastFiring: number
}

/** A subscription whose reactor exists. */
type BoundRecord = SubscriptionRecord & { readonly reactorSeq: number; readonly key: string }

export function* subscribe(session: Session, added: NewSubscription): Step<string> {
  const { id, reactor, workflow, tenant, predicate, at } = added
  const values = [id, reactor, workflow, tenant, predicate, at]
  const saved = yield* session.one<{ readonly id: string }>(sql.SAVE_SUBSCRIPTION, ...values)
  return saved?.id ?? id
}

export function* unsubscribe(session: Session, reactor: string, workflow: string, tenant: string): Step<boolean> {
  const statement = 'DELETE FROM subscriptions WHERE reactor = $1 AND workflow = $2 AND tenant = $3'
  return (yield* session.run(statement, reactor, workflow, tenant)) === 1
}

export function* listSubscriptions(
  session: Session,
  { tenant, reactor, enabledOnly }: SubscriptionFilter,
): Step<readonly Subscription[]> {
  const values = [tenant ?? null, reactor ?? null, enabledOnly]
  const records = yield* session.all<SubscriptionRecord>(sql.LIST_SUBSCRIPTIONS, ...values)
  return records.map(subscriptionRow)
}

export function* getSubscription(session: Session, id: string): Step<Subscription | null> {
  const record = yield* session.one<SubscriptionRecord>(sql.GET_SUBSCRIPTION, id)
  return record === undefined ? null : subscriptionRow(record)
}

export function* setSubscriptionEnabled(session: Session, id: string, isEnabled: boolean, at: number): Step<boolean> {
  const statement = 'UPDATE subscriptions SET enabled = $2, updated_at = $3 WHERE id = $1'
  return (yield* session.run(statement, id, isEnabled, at)) === 1
}

/**
 * Sets a subscription back, so that a firing and the later ones are passed on again. The mark never moves forward, over
 * firings that were not passed on, and not before the oldest firing that is kept.
 */
export function* replay(session: Session, id: string, fromSequence: number, at: number): Step<number | null> {
  const record = yield* session.one<SubscriptionRecord>(session.sql.subscriptions.lock, id)
  if (record === undefined) return null
  const oldest = record.firstFiring ?? record.lastFiring + 1
  const mark = Math.min(record.doneSequence, Math.max(fromSequence, oldest) - 1)
  session.run(sql.SET_BACK, id, mark, at)
  return mark + 1
}

export function* pendingSubscriptions(
  session: Session,
  workflows: readonly string[],
  limit: number,
): Step<readonly PendingSubscription[]> {
  const records = yield* session.all<BoundRecord>(session.sql.subscriptions.listPending, workflows)
  const replies = records.map((record) => {
    return { record, reply: firingsAfter(session, record.reactorSeq, record.doneSequence, limit) }
  })
  const pending: PendingSubscription[] = []
  for (const { record, reply } of replies) {
    const reactor = { name: record.reactor, key: record.key }
    const firings = (yield* reply).map((firing) => reactorFiring(reactor, firing))
    if (firings.length > 0) pending.push({ subscription: subscriptionRow(record), firings })
  }
  return pending
}

export function* advance(session: Session, step: SubscriptionStep): Step<boolean> {
  const { id, seenSequence, doneSequence, lastSeenFiredAt, executions, error, isDegraded = null, at } = step
  const { claimFiring, lock } = session.sql.subscriptions
  const found = yield* session.one<SubscriptionRecord>(lock, id)
  if (found === undefined || !found.isEnabled || found.doneSequence !== seenSequence) return false
  const { reactorSeq, replay, seq } = found
  const rows = executions.map(({ firing, execution }) => {
    return [reactorSeq, firing.sequence, id, replay, execution.workflow, execution.id]
  })
  const claimed = session.allEach<{ readonly execution_id: string }>(claimFiring, reactorSeq === null ? [] : rows)
  const failure = [error?.count ?? 0, error?.message ?? null, error?.at ?? null, error?.firingId ?? null]
  session.run(sql.MOVE_SUBSCRIPTION, seq, doneSequence, lastSeenFiredAt, ...failure, isDegraded, at)
  const ids = new Set((yield* claimed).map(({ execution_id }) => execution_id))
  const creations = executions.flatMap(({ firing, execution }) => {
    const origin = { kind: 'reactor', reactor: firing.reactor, firingId: firing.id } as const
    return ids.has(execution.id) ? { execution, origin, at } : []
  })
  if (creations.length > 0) yield* insertExecutions(session, creations)
  return true
}

/** The sequences of firings have no gaps, and the oldest are removed first, so that no rows are read to count them. */
function subscriptionRow(record: SubscriptionRecord): Subscription {
  const { seq: _seq, replay: _replay, reactorSeq: _reactor, key: _key, firstFiring, lastFiring, ...row } = record
  const waiting = firstFiring === null ? 0 : lastFiring - Math.max(row.doneSequence, firstFiring - 1)
  return { ...row, isEnabled: Boolean(row.isEnabled), isDegraded: Boolean(row.isDegraded), waiting }
}

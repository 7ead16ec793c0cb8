/** Steps of subscriptions. See the methods of the port that have the same names. */

import type { GraphStore, NewSubscription, PendingSubscription, SubscriptionStep } from '../../../engine/ports.ts'
import type { Subscription } from '../../../model/graphs/rows.ts'
import { markSetBack } from '../../graphs/replays.ts'
import { reactorFiring, type SubscriptionRecord, subscriptionRow } from '../../graphs/rows.ts'
import type { Session, Step } from '../../session.ts'
import {
  DELETE_SUBSCRIPTION,
  GET_SUBSCRIPTION,
  LIST_SUBSCRIPTIONS,
  MOVE_SUBSCRIPTION,
  SAVE_SUBSCRIPTION,
  SET_BACK,
  SET_SUBSCRIPTION_ENABLED,
} from '../../sql/subscriptions.ts'
import { insertExecutions } from '../executions/creation.ts'
import { firingsAfter } from './reactors.ts'

type SubscriptionFilter = Parameters<GraphStore['listSubscriptions']>[0]

/** A subscription whose reactor exists. */
type BoundRecord = SubscriptionRecord & { readonly reactor_seq: number; readonly key: string }

export function* subscribe(session: Session, added: NewSubscription): Step<string> {
  const { id, reactor, workflow, tenant, predicate, at } = added
  const values = [id, reactor, workflow, tenant, predicate, at]
  const saved = yield* session.one<{ readonly id: string }>(SAVE_SUBSCRIPTION, ...values)
  return saved?.id ?? id
}

export function* unsubscribe(session: Session, reactor: string, workflow: string, tenant: string): Step<boolean> {
  return (yield* session.run(DELETE_SUBSCRIPTION, reactor, workflow, tenant)) === 1
}

export function* listSubscriptions(
  session: Session,
  { tenant, reactor, enabledOnly }: SubscriptionFilter,
): Step<readonly Subscription[]> {
  const values = [tenant ?? null, reactor ?? null, enabledOnly]
  const records = yield* session.all<SubscriptionRecord>(LIST_SUBSCRIPTIONS, ...values)
  return records.map(subscriptionRow)
}

export function* getSubscription(session: Session, id: string): Step<Subscription | null> {
  const record = yield* session.one<SubscriptionRecord>(GET_SUBSCRIPTION, id)
  return record === undefined ? null : subscriptionRow(record)
}

export function* setSubscriptionEnabled(session: Session, id: string, isEnabled: boolean, at: number): Step<boolean> {
  return (yield* session.run(SET_SUBSCRIPTION_ENABLED, id, isEnabled, at)) === 1
}

export function* replay(session: Session, id: string, fromSequence: number, at: number): Step<number | null> {
  const record = yield* session.one<SubscriptionRecord>(session.sql.subscriptions.lock, id)
  if (record === undefined) return null
  const mark = markSetBack(record, fromSequence)
  session.run(SET_BACK, id, mark, at)
  return mark + 1
}

export function* pendingSubscriptions(
  session: Session,
  workflows: readonly string[],
  limit: number,
): Step<readonly PendingSubscription[]> {
  const records = yield* session.all<BoundRecord>(session.sql.subscriptions.listPending, workflows)
  const replies = records.map((record) => {
    return { record, reply: firingsAfter(session, record.reactor_seq, record.done_sequence, limit) }
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
  if (found === undefined || !found.enabled || found.done_sequence !== seenSequence) return false
  const { reactor_seq, replay, seq } = found
  const rows = executions.map(({ firing, execution }) => {
    return [reactor_seq, firing.sequence, id, replay, execution.workflow, execution.id]
  })
  const claimed = session.allEach<{ readonly execution_id: string }>(claimFiring, reactor_seq === null ? [] : rows)
  const failure = [error?.count ?? 0, error?.message ?? null, error?.at ?? null, error?.firingId ?? null]
  session.run(MOVE_SUBSCRIPTION, seq, doneSequence, lastSeenFiredAt, ...failure, isDegraded, at)
  const ids = new Set((yield* claimed).map(({ execution_id }) => execution_id))
  const creations = executions.flatMap(({ firing, execution }) => {
    const origin = { kind: 'reactor', reactor: firing.reactor, firingId: firing.id } as const
    return ids.has(execution.id) ? { execution, origin, at } : []
  })
  if (creations.length > 0) yield* insertExecutions(session, creations)
  return true
}

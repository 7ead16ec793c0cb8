/** What happens to subscriptions. Each function is the body of one step and runs in its transaction. */

import type { GraphStore, NewSubscription, PendingSubscription, SubscriptionStep } from '../../../engine/ports.ts'
import type { Subscription } from '../../../model/graphs/rows.ts'
import { FIRINGS_TEXT_CHARS } from '../../graphs/acceptance.ts'
import { markSetBack } from '../../graphs/replays.ts'
import {
  type FiringRecord,
  type ReactorRecord,
  reactorFiring,
  type SubscriptionRecord,
  subscriptionRow,
} from '../../graphs/rows.ts'
import { insertExecutions } from '../executions/execution-steps.ts'
import type { Session } from '../session/session.ts'
import {
  CLAIM_FIRINGS,
  DELETE_SUBSCRIPTION,
  GET_SUBSCRIPTION,
  LIST_PENDING,
  LIST_PENDING_FIRINGS,
  LIST_SUBSCRIPTIONS,
  LOCK_SUBSCRIPTION,
  MOVE_SUBSCRIPTION,
  SAVE_SUBSCRIPTION,
  SET_BACK,
  SET_SUBSCRIPTION_ENABLED,
} from './subscription-queries.ts'

type SubscriptionFilter = Parameters<GraphStore['listSubscriptions']>[0]

export async function subscribe(session: Session, added: NewSubscription): Promise<string> {
  const { id, reactor, workflow, tenant, predicate, at } = added
  const values = [id, reactor, workflow, tenant, predicate, at]
  const saved = await session.one<{ readonly id: string }>(SAVE_SUBSCRIPTION, ...values)
  return saved?.id ?? id
}

export async function unsubscribe(
  session: Session,
  reactor: string,
  workflow: string,
  tenant: string,
): Promise<boolean> {
  return (await session.run(DELETE_SUBSCRIPTION, reactor, workflow, tenant)) === 1
}

export async function listSubscriptions(
  session: Session,
  { tenant, reactor, enabledOnly }: SubscriptionFilter,
): Promise<readonly Subscription[]> {
  const values = [tenant ?? null, reactor ?? null, enabledOnly]
  return (await session.all<SubscriptionRecord>(LIST_SUBSCRIPTIONS, ...values)).map(subscriptionRow)
}

export async function getSubscription(session: Session, id: string): Promise<Subscription | null> {
  const record = await session.one<SubscriptionRecord>(GET_SUBSCRIPTION, id)
  return record === undefined ? null : subscriptionRow(record)
}

export async function setSubscriptionEnabled(
  session: Session,
  id: string,
  isEnabled: boolean,
  at: number,
): Promise<boolean> {
  return (await session.run(SET_SUBSCRIPTION_ENABLED, id, isEnabled, at)) === 1
}

export async function replay(session: Session, id: string, fromSequence: number, at: number): Promise<number | null> {
  const record = await session.one<SubscriptionRecord>(LOCK_SUBSCRIPTION, id)
  if (record === undefined) return null
  const mark = markSetBack(record, fromSequence)
  await session.run(SET_BACK, id, mark, at)
  return mark + 1
}

type PendingFiring = FiringRecord & Pick<ReactorRecord, 'name' | 'key'> & { readonly subscription_seq: number }

export async function pendingSubscriptions(
  session: Session,
  workflows: readonly string[],
  limit: number,
): Promise<readonly PendingSubscription[]> {
  const pending = await session.all<SubscriptionRecord>(LIST_PENDING, workflows)
  if (pending.length === 0) return []
  const records = await session.all<PendingFiring>(
    LIST_PENDING_FIRINGS,
    pending.map(({ seq }) => seq),
    limit,
    FIRINGS_TEXT_CHARS,
  )
  return pending.flatMap((subscription) => {
    const own = records.filter(({ subscription_seq }) => subscription_seq === subscription.seq)
    if (own.length === 0) return []
    return { subscription: subscriptionRow(subscription), firings: own.map((record) => reactorFiring(record, record)) }
  })
}

/** See the port. */
export async function advance(session: Session, step: SubscriptionStep): Promise<boolean> {
  const { id, seenSequence, doneSequence, lastSeenFiredAt, executions, error, isDegraded, at } = step
  const found = await session.one<SubscriptionRecord>(LOCK_SUBSCRIPTION, id)
  if (found === undefined || !found.enabled || found.done_sequence !== seenSequence) return false
  const told = [error?.count ?? 0, error?.message ?? null, error?.at ?? null, error?.firingId ?? null]
  const moved = [found.seq, doneSequence, lastSeenFiredAt, ...told, isDegraded ?? null, at]
  const [claimed] = await Promise.all([claim(session, step, found.replay), session.run(MOVE_SUBSCRIPTION, ...moved)])
  const started = executions.filter(({ execution }) => claimed.has(execution.id))
  if (started.length === 0) return true
  await insertExecutions(
    session,
    started.map(({ firing, execution }) => {
      return { execution, origin: { kind: 'reactor', reactor: firing.reactor, firingId: firing.id }, at }
    }),
  )
  return true
}

/** The executions that are the first for their firing. */
async function claim(session: Session, { id, executions }: SubscriptionStep, replay: number): Promise<Set<string>> {
  if (executions.length === 0) return new Set()
  const claimed = await session.all<{ readonly execution_id: string }>(
    CLAIM_FIRINGS,
    executions.map(({ firing }) => firing.reactor),
    executions.map(({ firing }) => firing.sequence),
    executions.map(({ execution }) => execution.workflow),
    executions.map(({ execution }) => execution.id),
    id,
    replay,
  )
  return new Set(claimed.map(({ execution_id }) => execution_id))
}

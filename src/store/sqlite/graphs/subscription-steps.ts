/** What happens to subscriptions. Each function is the body of one step and runs in its transaction. */

import type { GraphStore, NewSubscription, PendingSubscription, SubscriptionStep } from '../../../engine/ports.ts'
import type { Subscription } from '../../../model/graphs/rows.ts'
import { markSetBack } from '../../graphs/replays.ts'
import { type ReactorRecord, reactorFiring, type SubscriptionRecord, subscriptionRow } from '../../graphs/rows.ts'
import { insertExecution } from '../executions/execution-steps.ts'
import type { Connection } from '../file/connection.ts'
import { firingsAfter } from './graph-steps.ts'
import { GET_REACTOR } from './reactor-queries.ts'
import {
  CLAIM_FIRING,
  DELETE_SUBSCRIPTION,
  GET_SUBSCRIPTION,
  LIST_PENDING,
  LIST_SUBSCRIPTIONS,
  MOVE_SUBSCRIPTION,
  SAVE_SUBSCRIPTION,
  SET_BACK,
  SET_SUBSCRIPTION_ENABLED,
} from './subscription-queries.ts'

type SubscriptionFilter = Parameters<GraphStore['listSubscriptions']>[0]

export function subscribe(connection: Connection, added: NewSubscription): string {
  const { id, reactor, workflow, tenant, predicate, at } = added
  const saved = connection.one<{ readonly id: string }>(
    SAVE_SUBSCRIPTION,
    id,
    reactor,
    workflow,
    tenant,
    predicate,
    at,
    at,
  )
  return saved?.id ?? id
}

export function unsubscribe(connection: Connection, reactor: string, workflow: string, tenant: string): boolean {
  return connection.run(DELETE_SUBSCRIPTION, reactor, workflow, tenant) === 1
}

export function listSubscriptions(
  connection: Connection,
  { tenant, reactor, enabledOnly }: SubscriptionFilter,
): readonly Subscription[] {
  const values = [tenant ?? null, reactor ?? null, Number(enabledOnly)]
  const records = connection.all<SubscriptionRecord>(LIST_SUBSCRIPTIONS, ...values)
  return records.map(subscriptionRow)
}

export function getSubscription(connection: Connection, id: string): Subscription | null {
  const record = connection.one<SubscriptionRecord>(GET_SUBSCRIPTION, id)
  return record === undefined ? null : subscriptionRow(record)
}

export function setSubscriptionEnabled(connection: Connection, id: string, isEnabled: boolean, at: number): boolean {
  return connection.run(SET_SUBSCRIPTION_ENABLED, Number(isEnabled), at, id) === 1
}

export function replay(connection: Connection, id: string, fromSequence: number, at: number): number | null {
  const record = connection.one<SubscriptionRecord>(GET_SUBSCRIPTION, id)
  if (record === undefined) return null
  const mark = markSetBack(record, fromSequence)
  connection.run(SET_BACK, mark, at, id)
  return mark + 1
}

export function pendingSubscriptions(
  connection: Connection,
  workflows: readonly string[],
  limit: number,
): readonly PendingSubscription[] {
  const pending = connection.all<SubscriptionRecord>(LIST_PENDING, JSON.stringify(workflows))
  return pending.flatMap((record) => {
    const reactor = connection.one<ReactorRecord>(GET_REACTOR, record.reactor)
    if (reactor === undefined) return []
    const firings = firingsAfter(connection, reactor.seq, record.done_sequence, limit)
    if (firings.length === 0) return []
    return { subscription: subscriptionRow(record), firings: firings.map((firing) => reactorFiring(reactor, firing)) }
  })
}

/** See the port. */
export function advance(connection: Connection, step: SubscriptionStep): boolean {
  const { id, seenSequence, doneSequence, lastSeenFiredAt, executions, error, isDegraded, at } = step
  const found = connection.one<SubscriptionRecord>(GET_SUBSCRIPTION, id)
  if (found === undefined || found.enabled === 0 || found.done_sequence !== seenSequence) return false
  const told = [error?.count ?? 0, error?.message ?? null, error?.at ?? null, error?.firingId ?? null]
  const degraded = isDegraded === undefined ? null : Number(isDegraded)
  connection.run(MOVE_SUBSCRIPTION, doneSequence, lastSeenFiredAt, ...told, degraded, at, found.seq)
  for (const { firing, execution } of executions) {
    const claimed = [firing.sequence, id, found.replay, execution.workflow, execution.id, firing.reactor]
    if (connection.run(CLAIM_FIRING, ...claimed) === 0) continue
    insertExecution(connection, execution, { kind: 'reactor', reactor: firing.reactor, firingId: firing.id }, at)
  }
  return true
}

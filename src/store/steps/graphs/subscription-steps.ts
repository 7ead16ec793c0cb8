/** The steps of subscriptions, with the names of the methods of the port. */

import type {
  GraphStore,
  PendingSubscription,
  SubscriptionFilter,
  SubscriptionStep,
} from '../../../engine/graphs/graph-store.ts'
import type { Subscription } from '../../../model/graphs/graph-model-rows.ts'
import * as sql from '../../sql/subscription-sql.ts'
import type { Stored } from '../../store-rows.ts'
import { type RunStep, type Session, type Step, stepMethod } from '../../store-session.ts'
import { recordActionIf } from '../action-steps.ts'
import { insertExecutions } from '../executions/creation.ts'
import { reactorFiring } from './graph-rows.ts'
import { firingsAfter } from './reactor-steps.ts'

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

type BoundRecord = SubscriptionRecord & { readonly reactorSeq: number; readonly key: string }

export function subscriptionStore(run: RunStep) {
  return {
    subscribe: stepMethod(run, 'accept', function* (session, added, action) {
      const { id, reactor, workflow, tenant, predicate, at } = added
      const values = [id, reactor, workflow, tenant, predicate, at]
      const saved = yield* session.one<{ readonly id: string }>(sql.SAVE_SUBSCRIPTION, ...values)
      const savedId = saved?.id ?? id
      recordActionIf(true, session, action?.(savedId))
      return savedId
    }),
    unsubscribe: stepMethod(run, 'accept', function* (session, reactor, workflow, tenant, action) {
      const statement = 'DELETE FROM subscriptions WHERE reactor = $1 AND workflow = $2 AND tenant = $3'
      return recordActionIf((yield* session.run(statement, reactor, workflow, tenant)) === 1, session, action)
    }),
    listSubscriptions: stepMethod(
      run,
      'read',
      function* (session, { tenant, reactor, enabledOnly }: SubscriptionFilter) {
        const values = [tenant ?? null, reactor ?? null, enabledOnly]
        return (yield* session.all<SubscriptionRecord>(sql.LIST_SUBSCRIPTIONS, ...values)).map(subscriptionRow)
      },
    ),
    getSubscription: stepMethod(run, 'read', function* (session, id) {
      const record = yield* session.one<SubscriptionRecord>(sql.GET_SUBSCRIPTION, id)
      return record === undefined ? null : subscriptionRow(record)
    }),
    setSubscriptionEnabled: stepMethod(run, 'accept', function* (session, id, isEnabled, at, action) {
      const statement = 'UPDATE subscriptions SET enabled = $2, updated_at = $3 WHERE id = $1'
      return recordActionIf((yield* session.run(statement, id, isEnabled, at)) === 1, session, action)
    }),
    // The mark moves neither forward, over firings that were not passed on, nor before the oldest firing.
    replay: stepMethod(run, 'accept', function* (session, id, fromSequence, at, action) {
      const record = yield* session.one<SubscriptionRecord>(session.sql.subscriptions.lock, id)
      if (record === undefined) return null
      const oldest = record.firstFiring ?? record.lastFiring + 1
      const mark = Math.min(record.doneSequence, Math.max(fromSequence, oldest) - 1)
      session.run(sql.SET_BACK, id, mark, at)
      recordActionIf(true, session, action?.(mark + 1))
      return mark + 1
    }),
    pendingSubscriptions: stepMethod(run, 'read', pendingSubscriptions),
    advance: (step) =>
      run(step.executions.length === 0 ? 'write' : 'accept', (session) => advance(session, step), 'quiet'),
  } satisfies Partial<GraphStore>
}

function* pendingSubscriptions(
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

function* advance(session: Session, step: SubscriptionStep): Step<readonly string[] | null> {
  const { id, seenSequence, doneSequence, lastSeenFiredAt, executions, error, isDegraded = null, at } = step
  const { claimFiring, lock } = session.sql.subscriptions
  const found = yield* session.one<SubscriptionRecord>(lock, id)
  if (found === undefined || !found.isEnabled || found.doneSequence !== seenSequence) return null
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
  return [...(yield* insertExecutions(session, creations)).keys()]
}

/** The sequences of firings have no gaps, and the oldest are removed first, so that no rows are read to count them. */
function subscriptionRow(record: SubscriptionRecord): Subscription {
  const { seq: _seq, replay: _replay, reactorSeq: _reactor, key: _key, firstFiring, lastFiring, ...row } = record
  const waiting = firstFiring === null ? 0 : lastFiring - Math.max(row.doneSequence, firstFiring - 1)
  return { ...row, isEnabled: Boolean(row.isEnabled), isDegraded: Boolean(row.isDegraded), waiting }
}

/** Reactors, their firings and subscriptions as JSON: contracts, whose fields `docs/command-line.md` lists. Instants are RFC 3339. */

import type { FiringDetail } from '../../engine/graphs/graph-store.ts'
import { CloacaError } from '../../errors.ts'
import type { ReactorFiring, ReactorInput, ReactorRow, Subscription } from '../../model/graphs/rows.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { ExecutionResult } from '../results.ts'
import type { Runner } from '../runner.ts'
import { instant } from './instants.ts'

/** Firings among which the last is looked for that a source had a part in. */
const LOOKED_AT = 20

/** What a reactor with `when_all` waits for, while other sources of it have delivered. */
export interface ReactorWait {
  readonly sources: readonly string[]
  /** When the first event came that waits for them. */
  readonly sinceAt: number
}

/** Null: it waits for nothing in particular. */
export async function waitOf(runner: Runner, row: ReactorRow): Promise<ReactorWait | null> {
  const [here, missing] = [row.inputs.filter(({ isDirty }) => isDirty), row.inputs.filter(({ isDirty }) => !isDirty)]
  if (row.mode !== 'when_all' || here.length === 0 || missing.length === 0) return null
  const firings = await runner.reactors.firings(row.name, { limit: LOOKED_AT })
  const begins = await Promise.all(here.map((input) => beginOf(runner, row, input, firings)))
  return { sources: missing.map(({ source }) => source), sinceAt: Math.min(...begins) }
}

/** When the first event came that no firing has had: an input knows only its newest value. */
async function beginOf(
  runner: Runner,
  row: ReactorRow,
  { source, sequence, valueAt }: ReactorInput,
  firings: readonly ReactorFiring[],
): Promise<number> {
  const newestAt = valueAt ?? runner.now()
  const causes = firings.flatMap((firing) => firing.causes).filter((cause) => cause.source === source)
  const spent = causes[0]?.lastSequence ?? (firings.length < LOOKED_AT ? 0 : null)
  if (spent === null || sequence === null) return newestAt
  const [first] = await runner.sources.events(source, { limit: 1, after: String(spent + 2) })
  if (first?.sequence !== spent + 1) return newestAt
  return Math.min(newestAt, Math.max(first.acceptedAt, row.createdAt))
}

export function reactorRecord(row: ReactorRow, wait: ReactorWait | null) {
  return {
    name: row.name,
    mode: row.mode,
    inputs: row.inputs.map(({ source, valueText, valueAt, sequence, isDirty }) => {
      return { source, valueText, valueAt: instant(valueAt), sequence, isDirty }
    }),
    lastSequence: row.lastSequence,
    lastFiredAt: instant(row.lastFiredAt),
    waitingFor: wait === null ? null : { sources: wait.sources, sinceAt: formatInstant(wait.sinceAt) },
    undeclaredAt: instant(row.undeclaredAt),
    createdAt: formatInstant(row.createdAt),
  }
}

export function reactorFiringRecord({ id, reactor, sequence, firedAt, payloadText, causes, byHand }: ReactorFiring) {
  return { id, reactor, sequence, firedAt: formatInstant(firedAt), payloadText, causes, byHand }
}

export function firingDetailRecord({ firing, executions }: FiringDetail) {
  return { ...reactorFiringRecord(firing), executions }
}

/** Retries of retries that are followed back. */
const MOST_RETRIES = 100

/** The firing that started an execution, or the one that it is a retry of; null: none did, or it is not kept any more. */
export async function firingBehind(
  runner: Runner,
  execution: Pick<ExecutionResult, 'origin' | 'retryOf'>,
): Promise<ReactorFiring | null> {
  let { origin, retryOf } = execution
  for (let count = 0; retryOf !== null && count < MOST_RETRIES; count += 1) {
    try {
      const before = await runner.executions.overview(retryOf)
      ;({ origin, retryOf } = before)
    } catch (thrown) {
      // It was pruned.
      if (thrown instanceof CloacaError && thrown.code === 'EXECUTION_NOT_FOUND') return null
      throw thrown
    }
  }
  if (origin.kind !== 'reactor') return null
  return (await runner.reactors.firing(origin.firingId))?.firing ?? null
}

export type SubscriptionState = 'active' | 'paused' | 'degraded'

export function subscriptionState({ isEnabled, isDegraded }: Subscription): SubscriptionState {
  if (!isEnabled) return 'paused'
  return isDegraded ? 'degraded' : 'active'
}

export function subscriptionRecord(row: Subscription) {
  return {
    id: row.id,
    reactor: row.reactor,
    workflow: row.workflow,
    tenant: row.tenant,
    predicate: row.predicate,
    state: subscriptionState(row),
    enabled: row.isEnabled,
    isDegraded: row.isDegraded,
    doneSequence: row.doneSequence,
    waiting: row.waiting,
    lastSeenFiredAt: instant(row.lastSeenFiredAt),
    errorCount: row.errorCount,
    lastError: row.lastError,
    lastErrorAt: instant(row.lastErrorAt),
    errorFiringId: row.errorFiringId,
    createdAt: formatInstant(row.createdAt),
    updatedAt: formatInstant(row.updatedAt),
  }
}

/** Reactors, firings and subscriptions as JSON. The fields are a contract, listed in `docs/command-line.md`. */

import type { FiringDetail } from '../../engine/graphs/graph-store.ts'
import type { ExecutionResult } from '../../engine/services/executions/execution-result.ts'
import { CloacaError } from '../../errors.ts'
import type { ReactorFiring, ReactorInput, ReactorRow, Subscription } from '../../model/graphs/graph-model-rows.ts'
import { formatInstant, formatInstantOrNull } from '../../model/time/instant.ts'
import type { Runner } from '../runner.ts'

/** Maximum number of firings in which the last one that includes a source is searched. */
const LOOKED_AT = 20

/** Sources that a `when_all` reactor waits for, while its other sources have delivered. */
export interface ReactorWait {
  readonly sources: readonly string[]
  /** Time of the first event that waits for them. */
  readonly sinceAt: number
}

/** Returns null if the reactor does not wait for particular sources. */
export async function reactorWait(runner: Runner, row: ReactorRow): Promise<ReactorWait | null> {
  const [here, missing] = [row.inputs.filter(({ isDirty }) => isDirty), row.inputs.filter(({ isDirty }) => !isDirty)]
  if (row.mode !== 'when_all' || here.length === 0 || missing.length === 0) return null
  const firings = await runner.reactors.firings(row.name, { limit: LOOKED_AT })
  const begins = await Promise.all(here.map((input) => beginOf(runner, row, input, firings)))
  return { sources: missing.map(({ source }) => source), sinceAt: Math.min(...begins) }
}

/** Returns the time of the first event after the last firing: an input knows only its newest value. */
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
      return { source, valueText, valueAt: formatInstantOrNull(valueAt), sequence, isDirty }
    }),
    lastSequence: row.lastSequence,
    lastFiredAt: formatInstantOrNull(row.lastFiredAt),
    waitingFor: wait === null ? null : { sources: wait.sources, sinceAt: formatInstant(wait.sinceAt) },
    undeclaredAt: formatInstantOrNull(row.undeclaredAt),
    createdAt: formatInstant(row.createdAt),
  }
}

export function reactorFiringRecord({ id, reactor, sequence, firedAt, payloadText, causes, byHand }: ReactorFiring) {
  return { id, reactor, sequence, firedAt: formatInstant(firedAt), payloadText, causes, byHand }
}

export function firingDetailRecord({ firing, executions }: FiringDetail) {
  return { ...reactorFiringRecord(firing), executions }
}

/** Maximum number of retries that are followed back. */
const MAX_RETRIES = 100

/** Returns the firing that started an execution, or the one that it retries. Null for none, or if it was removed. */
export async function originFiring(
  runner: Runner,
  execution: Pick<ExecutionResult, 'origin' | 'retryOf'>,
): Promise<ReactorFiring | null> {
  let { origin, retryOf } = execution
  for (let count = 0; retryOf !== null && count < MAX_RETRIES; count += 1) {
    try {
      const before = await runner.executions.overview(retryOf)
      ;({ origin, retryOf } = before)
    } catch (thrown) {
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
    lastSeenFiredAt: formatInstantOrNull(row.lastSeenFiredAt),
    errorCount: row.errorCount,
    lastError: row.lastError,
    lastErrorAt: formatInstantOrNull(row.lastErrorAt),
    errorFiringId: row.errorFiringId,
    createdAt: formatInstant(row.createdAt),
    updatedAt: formatInstant(row.updatedAt),
  }
}

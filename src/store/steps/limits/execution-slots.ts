/** Parts of steps that release and end executions: the slots of the limits of their workflows. */

import { type LimitKey, limitedWorkflow, workflowLimitName } from '../../../model/limits/limits.ts'
import { workflowLine } from '../../sql/executions/limit-sql.ts'
import type { RowValues, Session, Step } from '../../store-session.ts'
import { lockKeys, MAX_SLOTS_PER_STEP, sortedKeys, textOfKey } from './key-states.ts'
import { effectiveValues, type LimitRecord } from './limit-values.ts'

/** State of the limit of a workflow for a value. */
export interface WorkflowKeyState {
  readonly key: LimitKey
  readonly line: string
  used: number
  hasWaiting: boolean
  readonly maxActive: number | null
  readonly isClosed: boolean
}

interface KeyRecord {
  readonly limit_name: string
  readonly value: string
  readonly line: string
  readonly closedUntil: number | null
  readonly used: number
  readonly hasWaiting: boolean | number
}

/** Execution whose trigger lets it begin. */
export interface ReleasedExecution {
  readonly id: string
  readonly workflow: string
  readonly limit_value: string | null
}

/** Lets executions begin for which slots are free. Returns their ids. Locks the keys. */
export function* releaseExecutions(session: Session, keys: readonly LimitKey[], at: number): Step<readonly string[]> {
  const released: string[] = []
  if (keys.length === 0) return released
  for (const state of (yield* loadStates(session, keys)).values()) {
    const free = freeSlots(state)
    if (!state.hasWaiting || free <= 0) continue
    const found = yield* session.all<{ readonly id: string }>(
      session.sql.limits.releaseExecutions,
      ...[state.line, at, free],
    )
    released.push(...found.map(({ id }) => id))
  }
  if (released.length > 0) session.notifyEnginesOf(released)
  return released
}

/** Lets those executions wait for their workflow for which it has no slot. Returns the ids of the others. */
export function* checkReleased(session: Session, released: readonly ReleasedExecution[]): Step<readonly string[]> {
  const limited = released.filter(({ limit_value }) => limit_value !== null)
  const ids = released.map(({ id }) => id)
  if (limited.length === 0) return ids
  const states = yield* loadStates(session, limited.map(releasedKey))
  const waiting: RowValues[] = []
  for (const state of states.values()) {
    const own = limited.filter((execution) => textOfKey(releasedKey(execution)) === textOfKey(state.key))
    // They have begun already for the query.
    const free = state.hasWaiting ? 0 : freeSlots({ ...state, used: state.used - own.length })
    for (const { id } of own.slice(Math.max(0, free))) waiting.push([id, state.line])
  }
  if (waiting.length > 0) session.each(session.sql.limits.waitAgain, waiting)
  const kept = new Set(waiting.map(([id]) => id))
  return ids.filter((id) => !kept.has(id))
}

export function releasedKey({ workflow, limit_value }: ReleasedExecution): LimitKey {
  return { name: workflowLimitName(workflow), value: limit_value ?? 'null' }
}

function freeSlots({ maxActive, isClosed, used }: WorkflowKeyState): number {
  if (isClosed) return 0
  return maxActive === null ? MAX_SLOTS_PER_STEP : maxActive - used
}

/** Returns the states of keys by `textOfKey`. Locks the keys. */
export function* loadStates(session: Session, keys: readonly LimitKey[]): Step<ReadonlyMap<string, WorkflowKeyState>> {
  const sorted = sortedKeys(keys)
  const { now, limits } = yield* lockKeys(session, sorted)
  const rows = sorted.map(({ name, value }) => [name, value, limitedWorkflow(name), workflowLine(name, value)])
  const found = session.allEach<KeyRecord>(session.sql.limits.getWorkflowKeys, rows)
  const states = new Map<string, WorkflowKeyState>()
  for (const record of yield* found) {
    const key = { name: record.limit_name, value: record.value }
    states.set(textOfKey(key), stateOf(key, record, limits.get(key.name), now))
  }
  return states
}

function stateOf(
  key: LimitKey,
  { line, used, hasWaiting, closedUntil }: KeyRecord,
  limit: LimitRecord | undefined,
  now: number,
): WorkflowKeyState {
  const isClosed = Math.max(closedUntil ?? 0, limit?.closedUntil ?? 0) > now
  return { key, line, used, hasWaiting: Boolean(hasWaiting), maxActive: effectiveValues(limit).maxActive, isClosed }
}

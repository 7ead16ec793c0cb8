/** Parts of steps that create executions: the limits of their workflows let them begin, wait, or refuse them. */

import type { LimitedStart, NeededSlot, NewExecution } from '../../../engine/starts/new-executions.ts'
import { type LimitKey, workflowLimitName } from '../../../model/limits/limits.ts'
import { KEEP_LIMIT, workflowLine } from '../../sql/executions/limit-sql.ts'
import type { Session, Step } from '../../store-session.ts'
import { listWorkflows } from '../workflow-steps.ts'
import { loadStates, type ReleasedExecution, releasedKey } from './execution-slots.ts'
import { sortedKeys, textOfKey } from './key-states.ts'
import { valuesText } from './limit-values.ts'
import { replaceExecutions } from './replaced-executions.ts'

interface Creation {
  readonly execution: NewExecution
  readonly at: number
  /** Limit that it waits for before it is checked here. */
  readonly waitsFor?: string | null
}

interface NewestWaiting {
  readonly line: string
  /** Null for the one that was created last. */
  readonly executionId: string | null
}

export interface StartAdmission<Created> {
  /** Executions to store. Those without a slot have the line for which they wait. */
  readonly admitted: readonly Created[]
  /** Results of executions that are not stored, by id. */
  readonly refused: ReadonlyMap<string, LimitedStart>
  /** New waiting executions that replace the others of their line. */
  readonly newest: readonly NewestWaiting[]
}

/** Decides which new executions begin, wait, or are refused, in their order. */
export function* admit<Created extends Creation>(
  session: Session,
  creations: readonly Created[],
): Step<StartAdmission<Created>> {
  const limited = creations.filter(needsSlot)
  if (limited.length === 0) return { admitted: creations, refused: new Map(), newest: [] }
  keepValues(session, limited)
  const states = yield* loadStates(session, limited.map(keyOfCreation))
  const refused = new Map<string, LimitedStart>()
  const newest = new Map<string, NewestWaiting>()
  const admitted = creations.flatMap((creation): Created | [] => {
    const state = needsSlot(creation) ? states.get(textOfKey(keyOfCreation(creation))) : undefined
    const { limit, id } = creation.execution
    if (state === undefined || limit === undefined) return creation
    const maxActive = state.maxActive ?? limit.maxActive
    if (!state.hasWaiting && !state.isClosed && state.used < maxActive) {
      state.used += 1
      return creation
    }
    if (limit.overflow === 'drop') {
      refused.set(id, { kind: 'limited', active: state.used, maxActive: state.isClosed ? null : maxActive })
      return []
    }
    state.hasWaiting = true
    const { line } = state
    if (limit.overflow === 'newest') newest.set(line, { line, executionId: id })
    return { ...creation, waitsFor: line }
  })
  return { admitted, refused, newest: [...newest.values()] }
}

/**
 * Cancels the other executions of lines that keep only the newest one. It is the one of this step, whatever the times
 * of creation are: the clocks of two engines may differ. Must follow the insertion. Returns the number of cancels.
 */
export function* keepNewest(session: Session, newest: readonly NewestWaiting[], at: number): Step<number> {
  let replaced = 0
  for (const { line, executionId } of newest) {
    const found = (yield* session.all<{ readonly id: string }>(session.sql.limits.listLine, line)).map(({ id }) => id)
    const kept = executionId ?? found.at(-1)
    const others = found.filter((id) => id !== kept)
    if (kept === undefined || others.length === 0) continue
    yield* replaceExecutions(session, others, kept, at)
    replaced += others.length
  }
  return replaced
}

/** Does the same for executions that have waited for their trigger, and wait for their workflow now. */
export function* keepNewestReleased(session: Session, waiting: readonly ReleasedExecution[], at: number): Step<number> {
  const workflows = yield* listWorkflows(
    session,
    waiting.map(({ workflow }) => workflow),
  )
  const keeping = new Set(workflows.flatMap(({ key, limit }) => (limit?.overflow === 'newest' ? key : [])))
  const keys = waiting.flatMap((execution) => (keeping.has(execution.workflow) ? releasedKey(execution) : []))
  const lines = sortedKeys(keys).map(({ name, value }) => ({ line: workflowLine(name, value), executionId: null }))
  return yield* keepNewest(session, lines, at)
}

/** Stores the limits that no engine has declared. Before the keys are locked, as declarations do. */
function keepValues(session: Session, limited: readonly Creation[]): void {
  const limits = new Map(limited.flatMap(({ execution: { workflow, limit } }) => (limit ? [[workflow, limit]] : [])))
  for (const workflow of [...limits.keys()].sort()) {
    const { maxActive, per = null } = limits.get(workflow) as NeededSlot
    session.run(KEEP_LIMIT, workflowLimitName(workflow), valuesText({ maxActive, rate: null, per }))
  }
}

function needsSlot({ execution: { limit }, waitsFor = null }: Creation): boolean {
  return limit !== undefined && waitsFor === null
}

function keyOfCreation({ execution: { workflow, limit } }: Creation): LimitKey {
  return { name: workflowLimitName(workflow), value: limit?.value ?? 'null' }
}

/** State of one task in memory, and pure functions for it. Used by `run-state.ts`. */

import type { ContextText } from '../../model/context.ts'
import { isFinal, type TaskRun, type TaskStatus } from '../../model/execution.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { LimitKey } from '../../model/limits/limits.ts'
import type { NodeWait, StoredWait, WaitEnding } from '../../model/waits.ts'
import type { TaskDefinition, WorkflowDefinition } from '../../model/workflow.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { FailedTask, TracebackAnswer } from '../ports.ts'
import type { TaskChange } from '../store-ports.ts'
import { isEmptyContext, presentDependencies, type TaskTally } from './ready.ts'
import { longestDelayMs } from './retry.ts'

export interface TaskState {
  readonly index: number
  readonly taskId: string
  readonly fullName: string
  readonly definition: TaskDefinition | null
  /** Indices in the order of declaration. The dependencies of tasks that this run does not have take their place. */
  readonly dependencies: number[]
  readonly dependents: number[]
  unfinishedDependencies: number
  unfinishedDependents: number
  status: TaskStatus
  attempts: number
  recoveries: number
  /** Number of attempts that ended with `TryLater`. */
  triesLater: number
  /** Whether its running attempt has taken slots of limits. */
  hasSlots: boolean
  /** Closing of slots of a limit, which is stored with the next change. */
  closing: { readonly key: LimitKey; readonly forMs: number } | null
  /** Start of the task before its running attempt. Null if it is the first one. */
  startedBeforeAt: number | null
  notBeforeAt: number | null
  startedAt: number | null
  endedAt: number | null
  finishedOrder: number | null
  /** Null as soon as no dependent needs it. */
  outputText: ContextText | null
  error: PythonFault | null
  /** Wait of a node or for a child since it opened, also after its end. */
  wait: NodeWait | null
  /** End of the wait that the store has, and that the node does not have yet. */
  ending: WaitEnding | null
  /** Id of the node before the task that did not complete. Null until its dependencies are final. */
  stoppedBy: string | null
}

export function taskStates(
  runs: readonly TaskRun[],
  definition: WorkflowDefinition,
  waits: readonly StoredWait[],
): readonly TaskState[] {
  const definitions = new Map(definition.tasks.map((task) => [task.id, task]))
  const states = runs.map((run, index): TaskState => {
    return {
      ...run,
      triesLater: run.triesLater ?? 0,
      hasSlots: false,
      closing: null,
      startedBeforeAt: null,
      index,
      definition: definitions.get(run.taskId) ?? null,
      dependencies: [],
      dependents: [],
      unfinishedDependencies: 0,
      unfinishedDependents: 0,
      wait: null,
      ending: null,
      stoppedBy: null,
    }
  })
  const byId = new Map(states.map((state) => [state.taskId, state]))
  for (const { taskId, ending, ...wait } of waits) Object.assign(byId.get(taskId) ?? {}, { wait, ending })
  for (const state of states) {
    for (const dependencyId of presentDependencies(state.definition, definitions, (id) => byId.has(id))) {
      const dependency = byId.get(dependencyId)
      if (dependency === undefined) continue
      state.dependencies.push(dependency.index)
      dependency.dependents.push(state.index)
      if (!isFinal(dependency.status)) state.unfinishedDependencies += 1
      if (!isFinal(state.status)) dependency.unfinishedDependents += 1
    }
  }
  return states
}

/** Returns the start of a retry. Limits the stored time, because the wall clock may have been set back since then. */
export function retryStartAt(task: TaskState, at: number): number | null {
  if (task.notBeforeAt === null || task.definition === null) return null
  // The delay may be one of `TryLater`, which has no limit.
  if (task.triesLater > 0) return task.notBeforeAt
  return Math.min(task.notBeforeAt, at + longestDelayMs(task.definition.retry))
}

export function lastOutput(tasks: readonly TaskState[]): ContextText | null {
  let last: TaskState | null = null
  for (const task of tasks) {
    if (task.outputText === null || isEmptyContext(task.outputText)) continue
    if (last === null || (task.finishedOrder ?? 0) > (last.finishedOrder ?? 0)) last = task
  }
  return last?.outputText ?? null
}

export function releaseOutput(dependency: TaskState): void {
  dependency.unfinishedDependents -= 1
  if (dependency.unfinishedDependents === 0) dependency.outputText = null
}

/** Returns the tasks that failed up to a position in the order of ends, in this order. */
export function failuresUntil(tasks: readonly TaskState[], finishedOrder: number): readonly FailedTask[] {
  return tasks
    .filter((task) => failedUntil(task, finishedOrder))
    .sort((one, other) => (one.finishedOrder ?? 0) - (other.finishedOrder ?? 0))
    .map(({ taskId, error, attempts }) => {
      return { task: taskId, type: error?.type ?? 'Error', message: error?.message ?? 'failed', attempts }
    })
}

export function tracebackUntil(tasks: readonly TaskState[], finishedOrder: number, taskId: string): TracebackAnswer {
  const task = tasks.find((each) => each.taskId === taskId)
  if (task === undefined) {
    const names = tasks.map((each) => each.taskId)
    return { kind: 'unknownTask', message: `the execution has no task "${taskId}".${didYouMean(taskId, names)}` }
  }
  const traceback = failedUntil(task, finishedOrder) ? task.error?.traceback : null
  return { kind: 'found', traceback: traceback || null }
}

function failedUntil({ status, finishedOrder }: TaskState, lastOrder: number): boolean {
  return status === 'Failed' && finishedOrder !== null && finishedOrder <= lastOrder
}

export function toTaskChange(task: TaskState): TaskChange {
  return {
    taskId: task.taskId,
    // Changes are made only after a task left NotStarted.
    status: task.status as TaskChange['status'],
    attempts: task.attempts,
    recoveries: task.recoveries,
    ...(task.triesLater > 0 && { triesLater: task.triesLater }),
    notBeforeAt: task.notBeforeAt,
    startedAt: task.startedAt,
    endedAt: task.endedAt,
    finishedOrder: task.finishedOrder,
    outputText: task.outputText,
    error: task.error,
    ...(task.wait !== null && { wait: task.status === 'Waiting' ? task.wait : null }),
    ...(task.hasSlots && { slots: { kind: 'give', ...(task.closing !== null && { close: task.closing }) } }),
  }
}

/** Returns the change of a task after its attempt, which gives the slots of limits back. */
export function endingChange(task: TaskState): TaskChange {
  const change = toTaskChange(task)
  task.hasSlots = false
  task.closing = null
  return change
}

/** Makes a task wait for a slot, because its attempt could not begin. The store has the wait already. */
export function limitedTask(task: TaskState, wait: NodeWait): void {
  task.status = 'Waiting'
  task.attempts -= 1
  task.startedAt = task.startedBeforeAt
  task.hasSlots = false
  task.wait = wait
  task.ending = null
}

/** Makes a task wait for a child execution. */
export function parkedChange(task: TaskState, childId: string, at: number): TaskChange {
  task.status = 'Waiting'
  task.wait = { kind: 'child', openedAt: at, deadlineAt: null, childId }
  task.ending = null
  return endingChange(task)
}

/** Returns a task without its output, which was dropped if no task needs it. */
export function toTaskRun(task: TaskState): TaskRun {
  const { wait: _wait, slots: _slots, ...run } = toTaskChange(task)
  return { ...run, fullName: task.fullName, outputText: null, status: task.status }
}

/** Counts the ends of tasks that are all final. */
export function taskTally(tasks: readonly TaskState[]): TaskTally {
  const failed = tasks
    .filter((task) => task.status === 'Failed')
    .map(({ taskId, error, finishedOrder }) => ({ taskId, error, finishedOrder: finishedOrder ?? 0 }))
  const skipped = tasks.filter((task) => task.status === 'Skipped').length
  return { failed, completed: tasks.length - failed.length - skipped, skipped }
}

/**
 * Returns false if the task never started, or newer code added unfinished dependencies, or made a node of a task or a
 * task of a node: its rule decides again.
 */
export function hasBegun({
  status,
  wait,
  definition,
  attempts,
  triesLater,
  unfinishedDependencies,
}: TaskState): boolean {
  if (status === 'Waiting') {
    if (definition === null) return true
    return wait !== null && isOfTask(wait) === (definition.wait === undefined)
  }
  return (attempts > 0 || triesLater > 0) && unfinishedDependencies === 0 && definition?.wait === undefined
}

/** Whether an attempt of a task has begun, now or earlier. */
export function isBegun(tasks: readonly TaskState[]): boolean {
  return tasks.some(({ startedAt }) => startedAt !== null)
}

/** Whether a task waits, and not a node: for a child execution, or for a slot of a limit. */
export function isOfTask({ kind }: NodeWait): boolean {
  return kind === 'child' || kind === 'limit'
}

/** Whether a task waits for a slot of a limit that its code does not give to it any more. */
export function isOfOldLimit({ wait, definition }: TaskState): boolean {
  return wait?.kind === 'limit' && definition !== null && !definition.limits?.includes(wait.limit)
}

/** Returns tasks by short id and by full name. */
export function tasksByName(tasks: readonly TaskState[]): ReadonlyMap<string, TaskState> {
  const named = tasks.flatMap((task): [string, TaskState][] => [
    [task.fullName, task],
    [task.taskId, task],
  ])
  return new Map(named)
}

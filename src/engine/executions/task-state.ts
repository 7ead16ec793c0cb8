/** One task of an execution in memory, and pure questions about it. For `run-state.ts`. */

import type { ContextText } from '../../model/context.ts'
import { isFinal, type TaskRun, type TaskStatus } from '../../model/execution.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { TaskDefinition, WorkflowDefinition } from '../../model/workflow.ts'
import type { TaskChange } from '../ports.ts'
import { isEmptyContext } from './ready.ts'
import { longestDelayMs } from './retry.ts'

export interface TaskState {
  readonly index: number
  readonly taskId: string
  readonly fullName: string
  readonly definition: TaskDefinition | null
  /** Indices, in the order of declaration; without those that this run does not have. */
  readonly dependencies: number[]
  readonly dependents: number[]
  unfinishedDependencies: number
  unfinishedDependents: number
  status: TaskStatus
  attempts: number
  recoveries: number
  notBeforeAt: number | null
  startedAt: number | null
  endedAt: number | null
  finishedOrder: number | null
  /** Dropped when no dependent can ask for it any more. */
  outputText: ContextText | null
  error: PythonFault | null
}

export function taskStates(runs: readonly TaskRun[], definition: WorkflowDefinition): readonly TaskState[] {
  const definitions = new Map(definition.tasks.map((task) => [task.id, task]))
  const states = runs.map((run, index): TaskState => {
    return {
      ...run,
      index,
      definition: definitions.get(run.taskId) ?? null,
      dependencies: [],
      dependents: [],
      unfinishedDependencies: 0,
      unfinishedDependents: 0,
    }
  })
  const byId = new Map(states.map((state) => [state.taskId, state]))
  for (const state of states) {
    for (const dependencyId of new Set(state.definition?.dependencies)) {
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

/** When a task that waits for its retry may begin: the instant was stored by a wall clock that may have been set since. */
export function soonestAt(task: TaskState, at: number): number | null {
  if (task.notBeforeAt === null || task.definition === null) return null
  return Math.min(task.notBeforeAt, at + longestDelayMs(task.definition.retry))
}

export function lastOutputOf(tasks: readonly TaskState[]): ContextText | null {
  let last: TaskState | null = null
  for (const task of tasks) {
    if (task.outputText === null || isEmptyContext(task.outputText)) continue
    if (last === null || (task.finishedOrder ?? 0) > (last.finishedOrder ?? 0)) last = task
  }
  return last?.outputText ?? null
}

export function dropUse(dependency: TaskState): void {
  dependency.unfinishedDependents -= 1
  if (dependency.unfinishedDependents === 0) dependency.outputText = null
}

export function changeOf(task: TaskState): TaskChange {
  return {
    taskId: task.taskId,
    // Changes are made only after a task left NotStarted.
    status: task.status as TaskChange['status'],
    attempts: task.attempts,
    recoveries: task.recoveries,
    notBeforeAt: task.notBeforeAt,
    startedAt: task.startedAt,
    endedAt: task.endedAt,
    finishedOrder: task.finishedOrder,
    outputText: task.outputText,
    error: task.error,
  }
}

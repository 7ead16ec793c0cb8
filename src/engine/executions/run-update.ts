/** Effects of one event on an execution, as values. Made by `run-state.ts`. */

import type { ExecutionEnd, TaskChange } from '../store-ports.ts'
import type { TaskState } from './task-state.ts'

/** Task to run, not before a time. Null: immediately. */
export interface ReadyTask {
  readonly index: number
  readonly notBeforeAt: number | null
}

/** Effects of one event on an execution. They are stored in one step before the executor acts on them. */
export interface RunUpdate {
  readonly changes: readonly TaskChange[]
  readonly ready: readonly ReadyTask[]
  readonly end: ExecutionEnd | null
}

/** Effects of an event that is being applied. */
export interface OpenStep {
  readonly changes: TaskChange[]
  readonly ready: ReadyTask[]
  /** Tasks whose last dependency became final. Grows during the iteration. */
  readonly released: TaskState[]
}

export function openStep(): OpenStep {
  return { changes: [], ready: [], released: [] }
}

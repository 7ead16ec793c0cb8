/**
 * What is seen of the history without reading contexts: overviews, counts, trends and samples. Counts are bounded: what
 * they cost does not grow with the history.
 */

import type { AttemptRow, ExecutionStatus, ExecutionSummary, TaskRun } from './execution.ts'
import type { PythonFault } from './fault.ts'
import type { TickOutcome, TickRow } from './schedule.ts'

/** A task run without its output, of which the size is told. */
export interface TaskOverview extends Omit<TaskRun, 'outputText'> {
  /** Of the output as UTF-8; null while there is none. */
  readonly outputBytes: number | null
}

/** An execution without its contexts, of which the sizes are told. */
export interface ExecutionOverview extends ExecutionSummary {
  /** Of the input as UTF-8. */
  readonly inputBytes: number
  /** Of the final context as UTF-8; null until it has ended. */
  readonly finalBytes: number | null
  readonly tasks: readonly TaskOverview[]
}

/** Which of the contexts of an execution. */
export type ContextOf = 'input' | 'final' | { readonly outputOf: string }

/** Which executions are counted; each is a condition more. */
export interface CountFilter {
  readonly workflow?: string
  /** Those that a trigger of this name started. */
  readonly trigger?: string
  /** Created at this instant or later. */
  readonly sinceAt?: number
  /** Created before this instant. */
  readonly untilAt?: number
}

export interface BoundedCount {
  readonly count: number
  /** There may be more: it was not counted further. */
  readonly isAtLeast: boolean
}

export type ExecutionCounts = Readonly<Record<ExecutionStatus, BoundedCount>>

/** Equal parts of a time, and what was created in each. */
export interface TrendQuery {
  readonly workflow?: string
  readonly trigger?: string
  readonly sinceAt: number
  readonly untilAt: number
  readonly bars: number
}

export interface TrendBar {
  /** Where it begins; it ends where the next one begins. */
  readonly at: number
  /** Executions created in it, by their status now; those that there are none of are missing. */
  readonly counts: Readonly<Partial<Record<ExecutionStatus, number>>>
  /** There were too many to count: what came in the first part of it stands for all of it. */
  readonly isEstimate: boolean
}

/** The newest executions of a workflow, and the attempts of the newest of those. */
export interface WorkflowSample {
  readonly executions: readonly Pick<
    ExecutionSummary,
    'id' | 'version' | 'status' | 'createdAt' | 'startedAt' | 'endedAt'
  >[]
  readonly attempts: readonly Omit<AttemptRow, 'error'>[]
}

/** Equal parts of a time, and what the polls of a trigger came to in each. */
export interface ActivityQuery {
  readonly trigger: string
  readonly sinceAt: number
  readonly untilAt: number
  readonly bars: number
}

export interface ActivityBar {
  /** Where it begins; it ends where the next one begins. */
  readonly at: number
  /** Outcomes that there are none of are missing. Equal skips in a row are spread evenly over their time. */
  readonly counts: Readonly<Partial<Record<TickOutcome, number>>>
  /** There were too many to count: what came in the first part of it stands for all of it. */
  readonly isEstimate: boolean
}

/** What a trigger came to last. */
export interface LastTicks {
  readonly last: TickRow
  /** The last that started something; null where none is kept. */
  readonly lastFired: TickRow | null
}

/** A tick with all that is kept of it. */
export interface TickDetail {
  readonly tick: TickRow
  /** What its poll raised, with the traceback. */
  readonly error: PythonFault | null
  /** What its poll printed and logged, as JSON lines; null for nothing. */
  readonly logText: string | null
}

/** A workflow that no living engine has, and the number of its executions that wait for one. */
export interface WaitingWorkflow {
  readonly workflow: string
  readonly executions: number
}

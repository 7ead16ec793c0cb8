/**
 * What is seen of the history without reading contexts: overviews, counts, trends and samples. Counts are bounded: what
 * they cost does not grow with the history.
 */

import type { AttemptRow, ExecutionStatus, ExecutionSummary, TaskRun } from './execution.ts'
import type { PythonFault } from './fault.ts'
import type { TickOutcome, TickRow } from './schedule.ts'

/** Task of an execution with the size of its output instead of the output. */
export interface TaskOverview extends Omit<TaskRun, 'outputText'> {
  /** Size of the output in bytes. Null if there is none. */
  readonly outputBytes: number | null
}

/** Execution with the sizes of its contexts instead of the contexts. */
export interface ExecutionOverview extends ExecutionSummary {
  /** Size of the initial context in bytes. */
  readonly inputBytes: number
  /** Size of the final context in bytes. Null until the execution has ended. */
  readonly finalBytes: number | null
  readonly tasks: readonly TaskOverview[]
}

/** Which of the contexts of an execution. */
export type ContextOf = 'input' | 'final' | { readonly outputOf: string }

/** Filter for counted executions. All given conditions must apply. */
export interface CountFilter {
  readonly workflow?: string
  /** Name of the trigger that started the execution. */
  readonly trigger?: string
  /** Earliest creation time, in milliseconds since 1970. */
  readonly sinceAt?: number
  /** Creation times must be before this time, in milliseconds since 1970. */
  readonly untilAt?: number
}

/** Count that stops at a limit. */
export interface BoundedCount {
  readonly count: number
  /** Whether counting stopped early. The actual number may be higher. */
  readonly isAtLeast: boolean
}

/** Number of executions in each status. */
export type ExecutionCounts = Readonly<Record<ExecutionStatus, BoundedCount>>

/** Equal parts of a time, and what was created in each. */
export interface TrendQuery {
  readonly workflow?: string
  readonly trigger?: string
  readonly sinceAt: number
  readonly untilAt: number
  readonly bars: number
}

/** Number of executions that were created in one part of a period. */
export interface TrendBar {
  /** Start of the part, in milliseconds since 1970. The part ends at the start of the next one. */
  readonly at: number
  /** Number of executions by their current status. Statuses without executions are missing. */
  readonly counts: Readonly<Partial<Record<ExecutionStatus, number>>>
  /**
   * Whether the numbers are estimated from the beginning of the part because the part has too many executions.
   */
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

/** Number of polls in one part of a period. */
export interface ActivityBar {
  /** Start of the part, in milliseconds since 1970. The part ends at the start of the next one. */
  readonly at: number
  /**
   * Number of polls by outcome. Outcomes without polls are missing. Consecutive skips with the same reason share one
   * record, and are spread evenly over the time of this record.
   */
  readonly counts: Readonly<Partial<Record<TickOutcome, number>>>
  /** Whether the numbers are estimated from the beginning of the part because the part has too many polls. */
  readonly isEstimate: boolean
}

/** Last polls of a trigger. */
export interface LastTicks {
  readonly last: TickRow
  /** Last tick that started an execution. Null if none is stored. */
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

/** Workflow that no running engine serves, with the number of its waiting executions. */
export interface WaitingWorkflow {
  readonly workflow: string
  readonly executions: number
}

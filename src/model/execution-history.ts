/** Overviews, totals, trends and samples of the history, without contexts. Their cost does not grow with it. */

import type { AttemptRow, ExecutionStatus, ExecutionSummary, TaskRun } from './execution.ts'
import type { PythonFault } from './fault.ts'
import type { TickOutcome, TickRow } from './schedule-rows.ts'

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

/** Context of an execution: initial, final, or the output of a task. */
export type ContextSelector = 'input' | 'final' | { readonly outputOf: string }

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

/** Query for equal parts of a period, with the executions created in each part. */
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
  /** Whether the numbers are estimated from the beginning of the part, because it has too many executions. */
  readonly isEstimate: boolean
}

/** Newest executions of a workflow, and the attempts of the newest of those. */
export interface WorkflowSample {
  readonly executions: readonly Pick<
    ExecutionSummary,
    'id' | 'version' | 'status' | 'createdAt' | 'startedAt' | 'endedAt'
  >[]
  readonly attempts: readonly Omit<AttemptRow, 'error'>[]
}

/** Execution of a workflow, without the facts that lists of one workflow do not show. Times are in ms since 1970. */
export type RecentExecution = Pick<ExecutionSummary, 'id' | 'status' | 'createdAt' | 'startedAt' | 'endedAt'>

/** Current state of a task of an execution. Times are in milliseconds since 1970. */
export type RecentTask = Pick<TaskRun, 'taskId' | 'status' | 'attempts' | 'startedAt' | 'endedAt'>

/** Execution of a workflow with the states of its tasks. */
export interface ExecutionTasks extends RecentExecution {
  /** Tasks in the order of the workflow version that the execution uses. */
  readonly tasks: readonly RecentTask[]
}

/** Query for equal parts of a period, with the polls of a trigger in each part. */
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

/** Tick with its error and its log. */
export interface TickDetail {
  readonly tick: TickRow
  /** Error of its poll, with the traceback. */
  readonly error: PythonFault | null
  /** Output and log records of its poll as JSON lines, or null. */
  readonly logText: string | null
  /** State before and after its poll as JSON texts. Null if the poll did not change the state. */
  readonly stateChange: { readonly beforeText: string; readonly afterText: string } | null
}

/** Workflow that no running engine serves, with the number of its waiting executions. */
export interface WaitingWorkflow {
  readonly workflow: string
  readonly executions: number
}

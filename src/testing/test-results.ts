/** Results of `runWorkflow` and `pollTrigger`. */

import type { Frozen } from '../authoring/types/json.ts'
import type { OutputOf } from '../authoring/types/workflow-types.ts'
import type { ContextText, JsonObject } from '../model/context.ts'
import type { PythonFault } from '../model/fault.ts'
import type { LogRecord } from '../model/logs/log-record.ts'
import type { GivenIn, LeftIn, TaskIds } from './tested-flow.ts'

/** Result of one task of a run. */
export interface TaskRun<Given = JsonObject, Left = JsonObject> {
  readonly id: string
  readonly status: 'Completed' | 'Failed' | 'Skipped'
  /** Number of attempts. */
  readonly attempts: number
  /** Start of each attempt in milliseconds since the start of the run, on the clock of the test. */
  readonly attemptedAtMs: readonly number[]
  /** Context that the task received. Null if the task never started. */
  readonly input: Frozen<Given> | null
  /** Context after the task. Null unless the task completed. */
  readonly output: Frozen<Left> | null
  /** Message of its last failure. Null if the task did not fail. */
  readonly error: string | null
  /** Class name of the last error, or null. */
  readonly errorType: string | null
  /** Stack of the last error. Empty if there is none. */
  readonly traceback: string
  /** Output and log records of all attempts. */
  readonly log: readonly LogRecord[]
}

interface RunFacts<Flow> {
  /** Final context as exact JSON text. Large integers and `1.0` are exact here only. */
  readonly contextText: ContextText
  /** Message with the number of failed tasks and their errors. Null if no task failed. */
  readonly errorMessage: string | null
  /** Results of the tasks by id. */
  readonly tasks: { readonly [Id in TaskIds<Flow>]: TaskRun<GivenIn<Flow, Id>, LeftIn<Flow, Id>> }
  /** Start on the clock of the test. */
  readonly startedAt: Date
  /** End on the clock of the test. */
  readonly endedAt: Date
}

/** Result of `runWorkflow`. If the run completed, `context` has the type of the workflow's output. */
export type WorkflowRun<Flow> = RunFacts<Flow> &
  (
    | { readonly status: 'Completed'; readonly context: Frozen<OutputOf<Flow>> }
    | { readonly status: 'Failed'; readonly context: JsonObject }
  )

/** Execution that a poll starts. */
export interface TestedFiring<Context = JsonObject> {
  /** Initial context of the workflow: the fired context with `trigger_name` and `triggered_at`. */
  readonly context: Context & FiringKeys
  /** Key of `fire(…, { key })`, or null. */
  readonly key: string | null
}

/** Result of `pollTrigger`. */
export interface PollResult<Context = JsonObject, State = JsonObject | undefined> {
  readonly trigger: string
  readonly outcome: 'fired' | 'skipped' | 'failed' | 'timedOut'
  /** Name of the workflow that the trigger starts. */
  readonly workflow: string
  /** Executions that the poll starts, in order. An engine does not start a second execution for a key. */
  readonly firings: readonly TestedFiring<Context>[]
  /** State of the trigger after the poll. Undefined if it takes none. A failed poll does not change it. */
  readonly state: State
  /**
   * Initial context of the first firing.
   *
   * @throws `Error` if the trigger did not fire, with the actual outcome in the message.
   */
  readonly context: Context & FiringKeys
  /** Reason for a skip, or null. */
  readonly reason: string | null
  /** Error message of the poll, or null. */
  readonly error: string | null
  /** Class name of the error, or null. */
  readonly errorType: string | null
  /** Stack of the error. Empty if there is none. */
  readonly traceback: string
  /** Output and log records of the poll. */
  readonly log: readonly LogRecord[]
}

/** Keys that the engine adds to a fired context. */
export interface FiringKeys {
  readonly trigger_name: string
  /** Time of the firing as RFC 3339 in UTC. */
  readonly triggered_at: string
}

export function failureFields(error: PythonFault | null): Pick<TaskRun, 'error' | 'errorType' | 'traceback'> {
  return { error: error?.message ?? null, errorType: error?.type ?? null, traceback: error?.traceback ?? '' }
}

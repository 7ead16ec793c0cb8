/** What `runWorkflow` and `pollTrigger` return. */

import type { Frozen } from '../authoring/types/json.ts'
import type { OutputOf } from '../authoring/types/workflow.ts'
import type { ContextText, JsonObject } from '../model/context.ts'
import type { PythonFault } from '../model/fault.ts'
import type { LogRecord } from '../model/log.ts'
import type { GivenIn, LeftIn, TaskIds } from './flow.ts'

/** How one task of a run ended. */
export interface TaskRun<Given = JsonObject, Left = JsonObject> {
  readonly id: string
  readonly status: 'Completed' | 'Failed' | 'Skipped'
  /** How often it was tried. */
  readonly attempts: number
  /** When each attempt began: milliseconds from the start of the run, on the clock of the test. */
  readonly attemptedAtMs: readonly number[]
  /** What it was given; null for a task that never began. */
  readonly input: Frozen<Given> | null
  /** The context that it left; null unless it is Completed. */
  readonly output: Frozen<Left> | null
  /** The message of its last failure, as the engine records it; null when it did not fail. */
  readonly error: string | null
  /** The class of what was thrown, or null. */
  readonly errorType: string | null
  /** The stack of what was thrown, or ''. */
  readonly traceback: string
  /** What all of its attempts printed and logged. */
  readonly log: readonly LogRecord[]
}

interface RunFacts<Flow> {
  /** The final context to the digit: large integers and `1.0` are exact there only. */
  readonly contextText: ContextText
  /** How many tasks failed, and why; null when none did. */
  readonly errorMessage: string | null
  /** By id. */
  readonly tasks: { readonly [Id in TaskIds<Flow>]: TaskRun<GivenIn<Flow, Id>, LeftIn<Flow, Id>> }
  /** On the clock of the test. */
  readonly startedAt: Date
  /** On the clock of the test. */
  readonly endedAt: Date
}

/** How a run ended: when all went well, its context has the type that its last task leaves. */
export type WorkflowRun<Flow> = RunFacts<Flow> &
  (
    | { readonly status: 'Completed'; readonly context: Frozen<OutputOf<Flow>> }
    | { readonly status: 'Failed'; readonly context: JsonObject }
  )

/** What one poll of a trigger came to. */
export interface PollResult<Context = JsonObject> {
  readonly trigger: string
  readonly outcome: 'fired' | 'skipped' | 'failed' | 'timedOut'
  /** Name of the workflow that it starts. */
  readonly workflow: string
  /**
   * What the workflow would start with: what was fired, `trigger_name` and `triggered_at`.
   *
   * @throws `Error` when it did not fire; the message says what it did instead.
   */
  readonly context: Context & FiringKeys
  /** Why it skipped, where it said so; else null. */
  readonly reason: string | null
  /** What went wrong, as the engine records it, or null. */
  readonly error: string | null
  /** The class of what was thrown, or null. */
  readonly errorType: string | null
  /** The stack of what was thrown, or ''. */
  readonly traceback: string
  /** What it printed and logged. */
  readonly log: readonly LogRecord[]
}

/** What the engine adds to a fired context. */
export interface FiringKeys {
  readonly trigger_name: string
  /** RFC 3339 in UTC. */
  readonly triggered_at: string
}

/** The fields of a fault, as results have them. */
export function failureFields(error: PythonFault | null): Pick<TaskRun, 'error' | 'errorType' | 'traceback'> {
  return { error: error?.message ?? null, errorType: error?.type ?? null, traceback: error?.traceback ?? '' }
}

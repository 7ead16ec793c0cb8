/** A trigger as data: what `@cloaca.trigger` declares, without its function. */

import type { PythonFault } from './fault.ts'
import type { LogRecord } from './logs/log-record.ts'
import type { Catchup, TriggerPolicy } from './policy.ts'
import type { SourcePlace, Tags } from './workflow.ts'

/** Schedule of a trigger: a poll interval in milliseconds, or a cron expression. */
export type TriggerTiming =
  | { readonly kind: 'poll'; readonly intervalMs: number }
  | { readonly kind: 'cron'; readonly expression: string; readonly timezone: string; readonly catchup: Catchup }

/** Trigger that a script declares. */
export interface TriggerDefinition {
  readonly name: string
  /** Name of the workflow that the trigger starts. The workflow can be declared later. */
  readonly workflow: string
  readonly timing: TriggerTiming
  /** Whether a firing starts an execution while one with the same context is active. */
  readonly allowConcurrent: boolean
  readonly policy: TriggerPolicy
  /** Priority of the executions that it starts. Default: that of the workflow. */
  readonly priority?: number
  /** JSON text of the state before the first change. Absent if the function takes no state. */
  readonly initialStateText?: string
  /** Tags for the routes of alerts. Default: those of the workflow. */
  readonly tags?: Tags
  /** Docstring of the function, or an empty string. */
  readonly description: string
  /** Id of the script that declares the trigger. */
  readonly script: string
  readonly place: SourcePlace | null
}

/** Returns the outcome of a poll that fired once, without a list. */
export function firedOnce(contextText: string | null): Extract<PollOutcome, { kind: 'fired' }> {
  return { kind: 'fired', firings: [{ contextText }], isList: false }
}

/** Replaces each context by the result of the check, one after the other. Rejects with the error of the check. */
export async function checkedFirings(
  firings: readonly PolledFiring[],
  check: (contextText: string | null) => Promise<string | null>,
): Promise<readonly PolledFiring[]> {
  const checked: PolledFiring[] = []
  for (const firing of firings) checked.push({ ...firing, contextText: await check(firing.contextText) })
  return checked
}

/** Default of the setting `limits.trigger-state`. */
export const DEFAULT_STATE_BYTES = 65_536

/** Maximum number of firings of one poll. */
export const MAX_FIRINGS = 1_000

/** Time without a declaration after which the expected firing of a trigger starts at the next declaration. */
export const DECLARED_AGAIN_AFTER_MS = 3_600_000

/** Maximum delay until polls are written. Usually 1 s, and this if thousands of triggers skip again. */
export const POLLS_WRITTEN_WITHIN_MS = 10_000

/** One execution that a poll wants to start. */
export interface PolledFiring {
  /** JSON text of the context. Null if the trigger fired without a context. */
  readonly contextText: string | null
  /** Key that fires at most once. Absent for a firing without a key. */
  readonly key?: string
}

/** Result of one poll. */
export type PollOutcome =
  | {
      readonly kind: 'skipped'
      /** Reason for the skip, or null. */
      readonly reason: string | null
      /** JSON text of the state after the poll. Absent if the trigger takes no state. */
      readonly stateText?: string
    }
  | {
      readonly kind: 'fired'
      /** At least one firing, in order. */
      readonly firings: readonly PolledFiring[]
      /** Whether the function returned a list, so that no firing may be dropped. */
      readonly isList: boolean
      readonly stateText?: string
      /** Whether the contexts were already checked against the input schema of the workflow. */
      readonly isChecked?: true
    }
  | { readonly kind: 'failed'; readonly error: PythonFault }
  | { readonly kind: 'timedOut'; readonly error: PythonFault }

/** Result of a test poll, which records and starts nothing. */
export interface PollTest {
  readonly outcome: PollOutcome
  readonly durationMs: number
  /** Output and log records of the poll. */
  readonly records: readonly LogRecord[]
}

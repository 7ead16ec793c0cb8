/** A trigger as data: what a script declared with `@cloaca.trigger`, without its function. */

import type { PythonFault } from './fault.ts'
import type { LogRecord } from './log.ts'
import type { Catchup, TriggerPolicy } from './policy.ts'
import type { SourcePlace } from './workflow.ts'

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
  /** Docstring of the function, or an empty string. */
  readonly description: string
  /** Id of the script that declares the trigger. */
  readonly script: string
  readonly place: SourcePlace | null
}

/** How far the polls in the database may be behind: a second, and this where thousands of triggers skip as before. */
export const POLLS_WRITTEN_WITHIN_MS = 10_000

/** Result of one poll. */
export type PollOutcome =
  /** `reason`: reason for the skip, or null. */
  | { readonly kind: 'skipped'; readonly reason: string | null }
  /** `contextText` is null if the trigger fired without a context. */
  | {
      readonly kind: 'fired'
      readonly contextText: string | null
      /** Whether the context was already checked against the input schema of the workflow. */
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

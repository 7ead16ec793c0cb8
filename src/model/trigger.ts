/** A trigger as data: what a script declared with `@cloaca.trigger`, without its function. */

import type { PythonFault } from './fault.ts'
import type { LogRecord } from './log.ts'
import type { Catchup, TriggerPolicy } from './policy.ts'
import type { SourcePlace } from './workflow.ts'

export type TriggerTiming =
  | { readonly kind: 'poll'; readonly intervalMs: number }
  | { readonly kind: 'cron'; readonly expression: string; readonly timezone: string; readonly catchup: Catchup }

export interface TriggerDefinition {
  readonly name: string
  /** Key of the workflow that a firing starts. It need not be known yet. */
  readonly workflow: string
  readonly timing: TriggerTiming
  /** False: a firing is dropped while an identical one is active. */
  readonly allowConcurrent: boolean
  readonly policy: TriggerPolicy
  /** The docstring of its function; empty for none. */
  readonly description: string
  /** Id of the script that declared it: its interpreter is polled. */
  readonly script: string
  readonly place: SourcePlace | null
}

/** How far the polls in the database may be behind: a second, and this where thousands of triggers skip as before. */
export const POLLS_WRITTEN_WITHIN_MS = 10_000

/** What one poll of a trigger came to. Exactly one per tick. */
export type PollOutcome =
  /** `reason`: why, as its poll says; null where it says nothing. */
  | { readonly kind: 'skipped'; readonly reason: string | null }
  /** `contextText` is null when the trigger fired without a context. */
  | {
      readonly kind: 'fired'
      readonly contextText: string | null
      /** Its host has made of it what the input of its workflow wants. */
      readonly isChecked?: true
    }
  | { readonly kind: 'failed'; readonly error: PythonFault }
  | { readonly kind: 'timedOut'; readonly error: PythonFault }

/** What a poll came to that was made to see what it does: nothing of it is recorded or started. */
export interface PollTest {
  readonly outcome: PollOutcome
  readonly durationMs: number
  /** What it printed and logged. */
  readonly records: readonly LogRecord[]
}

/** Running poll of a trigger, and polls that users request. */

import type { ActionAnswer, NewAction } from '../../model/action.ts'
import type { ContextText } from '../../model/context.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { TickOutcome } from '../../model/schedule-rows.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import type { TickResult } from '../ports.ts'
import type { HeldLease } from './trigger-leases.ts'

/** Result of polling a trigger by hand. */
export interface PollReport {
  readonly outcome: TickOutcome
  /** Reason why the poll skipped or started nothing, or null. */
  readonly reason: string | null
  /**
   * Id of the started execution. For a duplicate: id of the active execution with the same context, or of the one that
   * has the key. Null for several firings.
   */
  readonly executionId: string | null
  /** Number of firings that the poll returned, and of those of them that were duplicates. */
  readonly firings: number
  readonly duplicates: number
  readonly error: PythonFault | null
  readonly durationMs: number
}

/** Request of a user for a poll. Its action is stored in the step that stores the poll. */
export interface PollByHand {
  readonly action: NewAction
  /** Whether another process has stored the action, and waits for the answer. */
  readonly isAsked: boolean
  /** Called once. Null: nothing is stored, because another engine had taken the lease of the trigger. */
  readonly answer: (answer: ActionAnswer | null) => void
}

/** Reused by all polls of a trigger, which never overlap: there may be thousands of polls per second. */
export interface TriggerPoll {
  lease: HeldLease
  /** Monotonic time of the request. */
  at: number
  /** Null if a user requested the poll. */
  latenessMs: number | null
  byHand: PollByHand | null
  /** State that the function received. Null if the trigger takes none. */
  given: { readonly text: ContextText; readonly version: number } | null
  /** Set when the poll ends, like the next two. */
  definition: TriggerDefinition
  durationMs: number
  log: string | null
  readonly answered: (result: TickResult) => void
  readonly failed: (thrown: unknown) => void
}

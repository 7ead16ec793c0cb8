/** The poll of a trigger that is out, as the scheduler needs it when the answer comes. */

import type { PollOutcome } from '../../model/trigger.ts'
import type { NotEntered } from '../ports.ts'
import type { TickReport } from './tick-recorder.ts'
import type { HeldLease } from './trigger-leases.ts'

/** What a poll out of turn came to. */
export type PolledNow =
  | { readonly kind: 'answered'; readonly report: TickReport & { readonly durationMs: number } }
  /** The engine stops, or the script is gone: nothing was polled, or nobody knows what came of it. */
  | { readonly kind: 'notEntered' }

/** One for each trigger, and not for each poll, of which there may be thousands a second: a trigger never overlaps itself. */
export interface TriggerPoll {
  lease: HeldLease
  /** Null where it was asked for out of turn. */
  latenessMs: number | null
  /** Monotonic. */
  at: number
  /** Of who asked for it out of turn. */
  answer: ((answer: PolledNow) => void) | null
  readonly answered: (outcome: PollOutcome | NotEntered) => void
  readonly failed: (thrown: unknown) => void
}

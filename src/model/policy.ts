/**
 * How a trigger is polled and what it may start: what the code declares, and what a person set instead, which counts
 * until it is reset.
 */

export interface TriggerPolicy {
  /** Limit of one poll, in milliseconds; null: that of the engine. */
  readonly timeoutMs: number | null
  /** Each due time is later by a random part of it, in milliseconds; null: as the engine is set. */
  readonly jitterMs: number | null
  /** Executions of the trigger that may be active; null: without limit. */
  readonly maxActive: number | null
  /** Failed polls in a row after which it is disabled; null: never. */
  readonly pauseAfter: number | null
  /** It fires only when the answer turns from skip to fire. */
  readonly onChange: boolean
}

export const DEFAULT_POLICY: TriggerPolicy = Object.freeze({
  timeoutMs: null,
  jitterMs: null,
  maxActive: null,
  pauseAfter: null,
  onChange: false,
})

/** All that a person can set of a polled trigger. */
export interface TriggerSettings extends TriggerPolicy {
  /** From one poll to the next, in milliseconds. */
  readonly pollIntervalMs: number
}

/** What was set by hand: it counts in place of what the code declares. */
export type TriggerOverrides = Partial<TriggerSettings>

/** What becomes of cron instants that were missed: one run for all, one for each, or none. */
export type Catchup = 'skip' | 'all' | 'none'

export const CATCHUPS: readonly Catchup[] = ['skip', 'all', 'none']

/** What a poll that is not a change is recorded with. */
export const UNCHANGED_REASON = 'on_change: the previous poll also fired'

/** What a firing beyond the limit is recorded with. */
export function limitedReason(maxActive: number, active: number): string {
  return `max_active ${maxActive}: ${active} ${active === 1 ? 'execution is' : 'executions are'} active`
}

/** What a trigger is disabled with after so many failed polls. */
export function failuresNote(failures: number, lastMessage: string): string {
  const polls = failures === 1 ? '1 failed poll' : `${failures} failed polls in a row`
  return `disabled after ${polls}; last error: ${lastMessage}`
}

/**
 * How a trigger is polled and what it may start: what the code declares, and what a person set instead, which counts
 * until it is reset.
 */

/** Rules for the polls of a trigger. */
export interface TriggerPolicy {
  /** Time limit of one poll, in milliseconds. Null for the limit of the engine. */
  readonly timeoutMs: number | null
  /** Maximum random delay of each poll, in milliseconds. Null for the setting of the engine. */
  readonly jitterMs: number | null
  /** Maximum number of active executions of the trigger. Null for no limit. */
  readonly maxActive: number | null
  /** Number of consecutive failed polls after which the trigger is disabled. Null for never. */
  readonly pauseAfter: number | null
  /** Whether the trigger fires only when its answer changes from skip to fire. */
  readonly onChange: boolean
}

export const DEFAULT_POLICY: TriggerPolicy = Object.freeze({
  timeoutMs: null,
  jitterMs: null,
  maxActive: null,
  pauseAfter: null,
  onChange: false,
})

/** Settings of a polled trigger that users can override. */
export interface TriggerSettings extends TriggerPolicy {
  /** Time between two polls, in milliseconds. */
  readonly pollIntervalMs: number
}

/** Settings that a user has overridden. Overrides take precedence over the settings in the code. */
export type TriggerOverrides = Partial<TriggerSettings>

/**
 * Handling of missed cron times: `skip` starts one run for all of them, `all` starts one run for each, `none` starts no
 * run.
 */
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

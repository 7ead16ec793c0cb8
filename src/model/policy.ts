/** Polling rules and limits of a trigger: declared in the code, or overridden by a user until reset. */

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
  /** Time without a firing after which the incident `trigger-silent` opens, in milliseconds. Null for never. */
  readonly expectFireMs: number | null
  /** Time for which a key that fired is remembered, in milliseconds. Null for `retention.keys`, `never` for ever. */
  readonly keyTtlMs: number | 'never' | null
}

export const DEFAULT_POLICY: TriggerPolicy = Object.freeze({
  timeoutMs: null,
  jitterMs: null,
  maxActive: null,
  pauseAfter: null,
  onChange: false,
  expectFireMs: null,
  keyTtlMs: null,
})

/** Settings of a polled trigger that users can override. */
export interface TriggerSettings extends TriggerPolicy {
  /** Time between two polls, in milliseconds. */
  readonly pollIntervalMs: number
}

/** Settings that a user has overridden. Overrides take precedence over the settings in the code. */
export type TriggerOverrides = Partial<TriggerSettings>

/** Handling of missed cron times: `skip` starts one run for all of them, `all` one run for each, `none` no run. */
export type Catchup = 'skip' | 'all' | 'none'

export const CATCHUPS: readonly Catchup[] = ['skip', 'all', 'none']

/** Reason of a tick whose poll is not a change. */
export const UNCHANGED_REASON = 'on_change: the previous poll also fired'

/** Returns the reason of a tick that fired above the limit. */
export function limitedReason(maxActive: number, active: number): string {
  return `max_active ${maxActive}: ${active} ${active === 1 ? 'execution is' : 'executions are'} active`
}

/** Returns the reason of a firing whose execution the limit of its workflow refused. */
export function workflowLimitedReason(active: number): string {
  return `limit of the workflow: ${active} ${active === 1 ? 'execution is' : 'executions are'} active`
}

/** Returns the note of a trigger that was disabled after too many failed polls. */
export function failuresNote(failures: number, lastMessage: string): string {
  const polls = failures === 1 ? '1 failed poll' : `${failures} failed polls in a row`
  return `disabled after ${polls}; last error: ${lastMessage}`
}

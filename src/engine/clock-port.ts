/**
 * The socket of time: what the engine, the store and the host need of a clock. One of the ports (`ports.ts`), which hand
 * it on; the plug is `clock.ts`, and tests plug in one that they move.
 */

export interface Timer {
  /** Idempotent. After it, the callback is not called. */
  cancel(): void
}

/** Limit for the start of requests of one engine: after it, other engines may take the leases on which they are made. */
export interface StartLimit {
  /** Monotonic. Moves forward while the engine renews its heartbeat in time, also for requests that are waiting. */
  readonly until: number
}

/** The wall clock was set, or stood still with the machine: wall and monotonic time no longer agree. */
export interface WallJump {
  /** Where the wall clock would stand now without it. */
  readonly expectedAt: number
  /** Where it stands. */
  readonly at: number
}

/** Failed step of the engine, which is usually retried. The most common cause is the database. */
export interface Trouble {
  /** Description of the step, such as `recording a firing of trigger "x"`. */
  readonly during: string
  readonly error: Error
  /** Time of the next attempt, in milliseconds since 1970. Null if the step is not retried. */
  readonly retryAt: number | null
}

/**
 * The only source of time and of waiting. Two clocks, never to be mixed: the wall clock says when, and may be set back
 * or forward at any moment; the monotonic one says how long. What is stored, shown or asked for by a cron expression is
 * wall time; intervals, deadlines, back-offs and leases are monotonic.
 */
export interface Clock {
  /** Wall clock, epoch milliseconds, whole. */
  now(): number
  /**
   * Milliseconds of the machine's monotonic clock, perhaps with a fraction: since an instant that means nothing, and that all
   * processes of the machine share. Never goes back.
   */
  monotonic(): number
  /**
   * Calls back once, when `delayMs` of monotonic time have passed, never before; in a later tick of the event loop even when it is 0 or less.
   * What the callback throws is treated as in `attempt`, until the timer is cancelled; `during` is for the trouble.
   */
  wakeAfter(delayMs: number, callback: () => void, during?: string): Timer
  /**
   * Calls back in the next turn of the event loop, after the promises of this one. The process waits for it. Errors of the callback
   * are treated as in `attempt`.
   */
  soon(callback: () => void): void
  /** Calls `work` in this tick of the event loop. What it throws is reported as trouble, and it is called again later, until it returns or is cancelled. */
  attempt(during: string, work: () => void): Timer
  /** Calls back when the wall clock has jumped by more than a second; within a second or so. Returns the end of it. */
  onWallJump(callback: (jump: WallJump) => void): () => void
}

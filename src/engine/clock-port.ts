/**
 * Port of the clock, for engine, store and host. Implemented in `system-clock.ts`; tests use a clock that they move.
 */

export interface Timer {
  /** Idempotent. After it, the callback is not called. */
  cancel(): void
}

/** Limit for the start of requests of an engine. After it, other engines may take the leases for these requests. */
export interface StartLimit {
  /** Monotonic. Moves forward while the engine renews its heartbeat in time, also for requests that are waiting. */
  readonly until: number
}

/**
 * Time until which attempts with limits may run: one second before other engines may take their slots. Each heartbeat
 * moves it forward.
 */
export interface RunLimit {
  /** Monotonic. */
  readonly until: number
  /** Calls back when the time has moved. Returns a function that ends this. */
  onMoved(callback: () => void): () => void
}

/** The wall clock was set, or the machine slept: wall and monotonic time no longer agree. */
export interface WallJump {
  /** Wall time now without the jump. */
  readonly expectedAt: number
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
 * The only source of time and of timers. Never mix the two clocks. The wall clock gives times, and may be set at any
 * moment: for stored and shown times and cron expressions. The monotonic clock gives durations: for intervals,
 * deadlines, back-offs and leases.
 */
export interface Clock {
  /** Wall time in whole milliseconds since 1970. */
  now(): number
  /** Monotonic time in milliseconds, perhaps with a fraction, with the same origin in all processes of the machine. */
  monotonic(): number
  /**
   * Calls back once, after `delayMs` of monotonic time and in a later tick of the event loop, also for 0 or less.
   * Errors are treated as in `attempt`, with `during`.
   */
  wakeAfter(delayMs: number, callback: () => void, during?: string): Timer
  /** Calls back in the next turn of the event loop, after promises. Keeps the process alive. Errors: see `attempt`. */
  soon(callback: () => void): void
  /** Calls `work` in this tick of the event loop. Reports errors as `trouble`, and retries until success or cancel. */
  attempt(during: string, work: () => void): Timer
  /** Calls back within about 1 s after the wall clock jumped by more than 1 s. Returns a function that ends this. */
  onWallJump(callback: (jump: WallJump) => void): () => void
}

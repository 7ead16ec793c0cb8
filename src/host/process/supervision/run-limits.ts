/**
 * Ends attempts with limits before other engines may take their slots. Owned by `interpreter-process.ts`.
 *
 * The moves:
 *   idle    → limited   an attempt with a `RunLimit` was sent: the interpreter receives the time
 *   limited → limited   a heartbeat moved the time: the interpreter receives it
 *   limited → idle      no such attempt is open: the interpreter receives that its time is not limited
 *   limited → over      the time passed: the attempts are stopped as by a cancel
 *   over    → idle      all of them have ended; the interpreter may still end itself for a moment
 *   over    → (200 ms) the interpreter is killed
 *
 * The interpreter does the same on its own clock, because this process may be suspended. A time that has passed there
 * can therefore not be moved any more. Nothing is sent for attempts without a limit.
 */

import { machineNowMs } from '../../../border/machine-clock.ts'
import type { StackToken } from '../../../border/protocol.ts'
import type { Clock, RunLimit, Timer } from '../../../engine/clock-port.ts'
import type { InterpreterEnd } from '../call-answers.ts'
import { LEASE_LOST } from '../call-outcomes.ts'
import type { ControlLine } from '../control-line.ts'

/** Time for cleaning up, after which the process is killed. The interpreter has the same. */
const KILL_AFTER_MS = 200

/** Time after the last attempt in which the interpreter may end itself: it does not know yet that the attempt ended. */
const ENDS_ITSELF_WITHIN_MS = 5 * KILL_AFTER_MS

/** End of an interpreter for that reason, for which no call is suspected. */
export const OUT_OF_LEASE: InterpreterEnd = {
  ...{ reason: `${LEASE_LOST}, and an attempt with limits did not stop`, culprit: null, only: null, overdue: null },
  isOutOfLease: true,
}

export interface RunLimitActions {
  /** Stops an attempt. Its outcome is `lost`, unless it completes. */
  stop(token: StackToken): void
  kill(token: StackToken): void
}

interface Used {
  readonly end: () => void
  count: number
}

export class RunLimits {
  readonly #clock: Clock
  readonly #control: Pick<ControlLine, 'runUntil' | 'runFreely'> | null
  readonly #actions: RunLimitActions
  readonly #open = new Map<StackToken, RunLimit>()
  /** One per engine that uses the interpreter. */
  readonly #limits = new Map<RunLimit, Used>()
  #sentUntil = Number.POSITIVE_INFINITY
  #isOver = false
  /** Time until which the interpreter may end itself because of attempts that have ended. */
  #mayEndUntil = Number.NEGATIVE_INFINITY
  #timer: Timer | null = null

  /** `control`: null if the process must not end itself. */
  constructor(clock: Clock, control: Pick<ControlLine, 'runUntil' | 'runFreely'> | null, actions: RunLimitActions) {
    this.#clock = clock
    this.#control = control
    this.#actions = actions
  }

  /** Whether the interpreter ends, or has ended, because the time has passed. */
  get isOver(): boolean {
    const now = this.#clock.monotonic()
    return this.#isOver || now >= this.#sentUntil || now < this.#mayEndUntil
  }

  /** Call it before the attempt is sent. */
  begin(token: StackToken, limit: RunLimit): void {
    this.#open.set(token, limit)
    const used = this.#limits.get(limit)
    if (used === undefined) this.#limits.set(limit, { count: 1, end: limit.onMoved(() => this.#update()) })
    else used.count += 1
    if (this.#isOver) this.#actions.stop(token)
    else this.#update()
  }

  /** Returns whether the call is such an attempt, whose time had passed. */
  ended(token: StackToken): boolean {
    if (this.#open.size === 0) return false
    const limit = this.#open.get(token)
    if (limit === undefined) return false
    const isOver = this.#isOver || this.#clock.monotonic() >= this.#sentUntil
    if (isOver) this.#mayEndUntil = this.#clock.monotonic() + ENDS_ITSELF_WITHIN_MS
    this.#leave(token, limit)
    return isOver
  }

  #leave(token: StackToken, limit: RunLimit): void {
    this.#open.delete(token)
    const used = this.#limits.get(limit)
    if (used !== undefined && --used.count === 0) {
      used.end()
      this.#limits.delete(limit)
    }
    if (this.#open.size > 0) return
    this.#timer?.cancel()
    this.#timer = null
    this.#isOver = false
    this.#sentUntil = Number.POSITIVE_INFINITY
    this.#control?.runFreely()
  }

  /** The process is gone. */
  stop(): void {
    this.#timer?.cancel()
    for (const { end } of this.#limits.values()) end()
    this.#limits.clear()
    this.#open.clear()
  }

  #update(): void {
    if (this.#isOver || this.#open.size === 0) return
    const now = this.#clock.monotonic()
    const until = Math.min(...[...this.#limits.keys()].map((limit) => limit.until))
    if (now >= this.#sentUntil || now >= until) {
      this.#end()
      return
    }
    if (until === this.#sentUntil) return
    this.#sentUntil = until
    // Time on the clock of the interpreter, rounded up. A standstill between the readings makes it earlier.
    this.#control?.runUntil(Math.ceil(machineNowMs() + (until - this.#clock.monotonic())) + 1)
    this.#wakeAfter(until - now, () => this.#update())
  }

  #end(): void {
    this.#isOver = true
    for (const token of [...this.#open.keys()]) this.#actions.stop(token)
    this.#wakeAfter(KILL_AFTER_MS, () => {
      for (const token of [...this.#open.keys()]) this.#actions.kill(token)
    })
  }

  #wakeAfter(delayMs: number, work: () => void): void {
    this.#timer?.cancel()
    this.#timer = this.#clock.wakeAfter(delayMs, work, 'stopping attempts without a lease')
  }
}

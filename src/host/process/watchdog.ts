/**
 * Stops what runs too long in an interpreter. Owned by `interpreter-process.ts`.
 *
 * The moves for one watched entry:
 *   in time   → (deadline) overdue: stopped where it waits, and interrupted where it computes, again and again
 *   overdue   → (answer) forgotten: the interpreter goes on
 *   overdue   → (2 s without an answer, under CPython 1 s) the process is killed, and the entry is named as the culprit; the
 *               time begins when the interpreter has heard of it, for it cannot while another stack computes
 *
 * This process may stand still, with its interpreters: stopped by a signal, or with the machine. Its timer then comes much
 * later than it was asked for, and before anything else every entry gets a fresh chance: its deadline moves by the time
 * that nothing ran, and who was to be killed has that time anew.
 *
 * An entry that is cancelled is overdue at once, and has 5 s for its `finally` blocks: it is stopped once, and not again.
 *
 * An interrupt names the stack that it is meant for, so that it never hits another one that happens to run.
 * One timer serves all entries; nothing is done for an entry that answers in time.
 */

import { ByToken } from '../../border/by-token.ts'
import type { StackToken } from '../../border/protocol.ts'
import type { Clock, Timer } from '../../engine/ports.ts'
import type { ControlLine } from './control-line.ts'

const KILL_CANCELLED_AFTER_MS = 5_000
const STUCK_AFTER_MS = 500
const INTERRUPT_EVERY_MS = 20
/** How often it reads the clock while it watches anybody: a shorter wait shows a standstill sooner. */
const CHECK_EVERY_MS = 1_000
/** A timer that is later than this does not only wait for others. */
const STANDSTILL_MS = 1_000

type Interrupts = Pick<ControlLine, 'interrupt' | 'interruptCancelled' | 'misses'>

interface Watched {
  readonly label: string
  readonly deadlineMs: number
  deadlineAt: number
  killAt: number
  killAfterMs: number
  /** Why it is cancelled; null: it is not. */
  cancelReason: string | null
  isOverdue: boolean
  isStuck: boolean
  /** The interpreter got control since it became overdue, and has stopped the stack if it waits. */
  isAcknowledged: boolean
}

export interface WatchdogActions {
  stop(token: StackToken, reason: string, isCancelled: boolean): void
  /** `token`: whose time is over; another one may be what keeps it from stopping. It is not watched any more. */
  kill(token: StackToken, reason: string): void
  /** An entry that is overdue does not stop. Said once for each. */
  stuck(): void
}

export class Watchdog {
  readonly #clock: Clock
  readonly #control: Interrupts
  readonly #killAfterMs: number
  readonly #actions: WatchdogActions
  readonly #watched = new ByToken<Watched>()
  #timer: Timer | null = null
  #timerAt = Number.POSITIVE_INFINITY
  #checks = 0
  #misses = 0

  /** `killAfterMs`: how long a call may go on after it was told to stop, until its process is killed. */
  constructor(clock: Clock, control: Interrupts, killAfterMs: number, actions: WatchdogActions) {
    this.#clock = clock
    this.#control = control
    this.#killAfterMs = killAfterMs
    this.#actions = actions
  }

  watch(token: StackToken, label: string, deadlineMs: number): void {
    const deadlineAt = this.#clock.monotonic() + deadlineMs
    const killAt = deadlineAt + this.#killAfterMs
    this.#watched.add(token, {
      label,
      deadlineMs,
      deadlineAt,
      killAt,
      killAfterMs: this.#killAfterMs,
      cancelReason: null,
      isOverdue: false,
      isStuck: false,
      isAcknowledged: false,
    })
    this.#wakeBy(deadlineAt)
  }

  /** Stops it now, unless its time is over already. */
  cancel(token: StackToken, reason: string): void {
    const watched = this.#watched.get(token)
    if (watched === undefined || watched.isOverdue) return
    const now = this.#clock.monotonic()
    watched.cancelReason = reason
    watched.deadlineAt = now
    watched.killAfterMs = KILL_CANCELLED_AFTER_MS
    watched.killAt = now + KILL_CANCELLED_AFTER_MS
    this.#tellToStop(token, watched)
    this.#control.interruptCancelled(token)
    this.#wakeBy(now + INTERRUPT_EVERY_MS)
  }

  forget(token: StackToken): void {
    this.#watched.delete(token)
  }

  /** The interpreter has heard that the entry is overdue. */
  acknowledged(token: StackToken): void {
    const watched = this.#watched.get(token)
    if (watched === undefined) return
    watched.isAcknowledged = true
    watched.killAt = this.#clock.monotonic() + watched.killAfterMs
  }

  stop(): void {
    this.#watched.clear()
    this.#timer?.cancel()
  }

  /** Never later than the next regular check. */
  #wakeBy(wantedAt: number): void {
    const at = Math.min(wantedAt, this.#clock.monotonic() + CHECK_EVERY_MS)
    if (at >= this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = this.#clock.wakeAfter(at - this.#clock.monotonic(), () => this.#check(), 'stopping overdue calls')
  }

  #check(): void {
    const now = this.#clock.monotonic()
    this.#forgive(now - this.#timerAt, now)
    this.#timerAt = Number.POSITIVE_INFINITY
    let nextAt = Number.POSITIVE_INFINITY
    const overdue: StackToken[] = []
    const othersCompute = this.#control.misses !== this.#misses
    this.#misses = this.#control.misses
    for (const [token, watched] of this.#watched.entries()) {
      if (this.#watched.get(token) !== watched) continue // it ended with one that was killed
      if (watched.deadlineAt > now) {
        nextAt = Math.min(nextAt, watched.deadlineAt)
        continue
      }
      if (now >= watched.killAt && !watched.isAcknowledged && othersCompute) watched.killAt = now + watched.killAfterMs
      if (now >= watched.killAt) {
        this.#watched.delete(token)
        this.#actions.kill(token, notStopped(watched))
        if (this.#watched.size === 0) return // the process is gone, and nothing of it is watched
        continue
      }
      this.#tellToStop(token, watched)
      // What cleans up after a cancel is not stuck yet.
      if (!watched.isStuck && now >= watched.killAt - this.#killAfterMs + STUCK_AFTER_MS) {
        watched.isStuck = true
        this.#actions.stuck()
      }
      overdue.push(watched.cancelReason === null ? token : -token)
      nextAt = Math.min(nextAt, now + INTERRUPT_EVERY_MS)
    }
    this.#interruptOne(overdue)
    if (nextAt !== Number.POSITIVE_INFINITY) this.#wakeBy(nextAt)
  }

  #forgive(lateMs: number, now: number): void {
    if (lateMs < STANDSTILL_MS) return
    for (const [, watched] of this.#watched.entries()) {
      // No later than of an entry that begins now: it may have begun after the standstill.
      watched.deadlineAt = Math.min(watched.deadlineAt + lateMs, now + watched.deadlineMs)
      watched.killAt = Math.max(watched.killAt + lateMs, now + watched.killAfterMs)
    }
  }

  #tellToStop(token: StackToken, watched: Watched): void {
    if (watched.isOverdue) return
    watched.isOverdue = true
    const { cancelReason, label, deadlineMs } = watched
    const reason = cancelReason ?? `${label} timed out after ${deadlineMs / 1000} s (timeout)`
    this.#actions.stop(token, reason, cancelReason !== null)
  }

  /** Interrupts one of the overdue entries, by its number below 0 when it is cancelled; each check takes the next, since only one of them can be computing. */
  #interruptOne(overdue: readonly StackToken[]): void {
    const token = overdue[this.#checks++ % overdue.length]
    if (token === undefined) return
    if (token < 0) this.#control.interruptCancelled(-token)
    else this.#control.interrupt(token)
  }
}

function notStopped({ label, cancelReason, killAfterMs }: Watched): string {
  if (cancelReason === null) return `${label} did not stop when its time was over`
  return `${label} was cancelled and did not stop within ${killAfterMs / 1000} s`
}

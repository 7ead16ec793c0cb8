/**
 * Stops calls that run too long in an interpreter. Owned by `interpreter-process.ts`.
 *
 * The moves for one watched entry:
 *   in time   → (deadline) overdue: stopped where it waits, and interrupted where it computes, repeatedly
 *   overdue   → (answer) forgotten: the interpreter continues
 *   overdue   → (2 s without an answer, under CPython 1 s) the process is killed, and the entry is the culprit.
 *               The time begins when the interpreter has received the request, which another computing stack delays.
 *
 * This process and its interpreters can stand still, after a signal or while the machine sleeps. The timer then fires
 * much later than requested. Before anything else, each deadline and each time of a kill moves by the length of the
 * standstill.
 *
 * A cancelled entry is overdue immediately, and has 5 s for its `finally` blocks: it is stopped only once.
 *
 * An interrupt names the stack that it is meant for, so that it never hits another one that happens to run.
 * One timer serves all entries; nothing is done for an entry that answers in time.
 */

import { TokenMap } from '../../border/by-token.ts'
import type { StackToken } from '../../border/protocol.ts'
import type { Clock, Timer } from '../../engine/clock-port.ts'
import type { ControlLine } from './control-line.ts'

const KILL_CANCELLED_AFTER_MS = 5_000
const STUCK_AFTER_MS = 500
const INTERRUPT_EVERY_MS = 20
/** Longest wait between two readings of the clock. A shorter one detects a standstill sooner. */
const CHECK_EVERY_MS = 1_000
/** A timer with a longer delay shows a standstill, not only other work. */
const STANDSTILL_MS = 1_000

type Interrupts = Pick<ControlLine, 'interrupt' | 'interruptCancelled' | 'misses'>

interface Watched {
  readonly label: string
  readonly deadlineMs: number
  deadlineAt: number
  killAt: number
  killAfterMs: number
  /** Null if it is not cancelled. */
  cancelReason: string | null
  isOverdue: boolean
  isStuck: boolean
  /** The interpreter ran after it became overdue, and has stopped the stack if that waits. */
  isAcknowledged: boolean
  /** Number of waits during which the time limit stands still. Its deadline is then infinite. */
  standstills: number
  /** Time that was left when the time limit began to stand still. */
  leftMs: number
}

export interface WatchdogActions {
  stop(token: StackToken, reason: string, isCancelled: boolean): void
  /** Kills the process. `token`: the overdue entry, no longer watched; another one may keep it from stopping. */
  kill(token: StackToken, reason: string): void
  /** An overdue entry does not stop. Reported once per entry. */
  stuck(): void
}

export class Watchdog {
  readonly #clock: Clock
  readonly #control: Interrupts
  readonly #killAfterMs: number
  readonly #actions: WatchdogActions
  readonly #watched = new TokenMap<Watched>()
  #timer: Timer | null = null
  #timerAt = Number.POSITIVE_INFINITY
  #checks = 0
  #misses = 0

  /** `killAfterMs`: time from the request to stop a call to the kill of its process. */
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
      standstills: 0,
      leftMs: deadlineMs,
    })
    this.#wakeBy(deadlineAt)
  }

  /** Lets the time limit of an entry stand still until the returned function is called. */
  suspend(token: StackToken): () => void {
    const watched = this.#watched.get(token)
    if (watched === undefined || watched.isOverdue) return () => undefined
    if (watched.standstills === 0) watched.leftMs = watched.deadlineAt - this.#clock.monotonic()
    watched.standstills += 1
    watched.deadlineAt = Number.POSITIVE_INFINITY
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      watched.standstills -= 1
      this.#continue(token, watched)
    }
  }

  #continue(token: StackToken, watched: Watched): void {
    if (watched.standstills > 0 || watched.isOverdue || this.#watched.get(token) !== watched) return
    watched.deadlineAt = this.#clock.monotonic() + watched.leftMs
    watched.killAt = watched.deadlineAt + this.#killAfterMs
    this.#wakeBy(watched.deadlineAt)
  }

  /** Stops the entry now, unless it is already overdue. */
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

  /** Wakes no later than the next regular check. */
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
      if (this.#watched.get(token) !== watched) continue // ended with a killed one
      if (watched.deadlineAt > now) {
        nextAt = Math.min(nextAt, watched.deadlineAt)
        continue
      }
      if (now >= watched.killAt && !watched.isAcknowledged && othersCompute) watched.killAt = now + watched.killAfterMs
      if (now >= watched.killAt) {
        this.#watched.delete(token)
        this.#actions.kill(token, notStopped(watched))
        if (this.#watched.size === 0) return // the process was killed
        continue
      }
      this.#tellToStop(token, watched)
      // An entry that cleans up after a cancellation is not stuck yet.
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
      if (watched.standstills > 0) continue
      // An entry may have begun after the standstill, so its time is at most that of a new entry.
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

  /** Interrupts the next overdue entry, because only one can be computing. Negates the token of a cancelled one. */
  #interruptOne(overdue: readonly StackToken[]): void {
    const token = overdue[this.#checks++ % overdue.length]
    if (token === undefined) return
    if (token < 0) this.#control.interruptCancelled(-token)
    else this.#control.interrupt(token)
  }
}

function notStopped({ label, cancelReason, killAfterMs }: Watched): string {
  if (cancelReason === null) return `${label} did not stop at its time limit`
  return `${label} was cancelled and did not stop within ${killAfterMs / 1000} s`
}

/**
 * Signals that come to a script from outside its own thread: those that the system sends to the process and for which
 * the script has a handler, and those of its interval timers, which must run while the script computes.
 * Owned by `thread.ts`; everything ends with `stop`.
 */

import { constants } from 'node:os'
import type { TimerKind } from '../border/protocol.ts'
import type { Clock, Timer } from '../engine/ports.ts'

const SIGNAL_OF: Readonly<Record<TimerKind, number>> = { real: 14, virtual: 26, prof: 27 }

/** The command line hands these on to a program whether it has a handler or not. */
const HANDED_ON_ANYWAY = new Set(['SIGINT', 'SIGTERM'])

interface Running {
  readonly kind: TimerKind
  dueAt: number
  readonly intervalMs: number
  timer: Timer
}

export class ProcessSignals {
  readonly #clock: Clock
  readonly #raise: (signum: number) => void
  readonly #running = new Map<TimerKind, Running>()
  readonly #listeners = new Map<number, readonly [NodeJS.Signals, () => void]>()

  constructor(clock: Clock, raise: (signum: number) => void) {
    this.#clock = clock
    this.#raise = raise
  }

  /** Raises the signal of a timer after a delay, and then at every interval unless that is 0. A delay of 0 stops it. */
  setTimer(kind: TimerKind, delayMs: number, intervalMs: number): void {
    this.#running.get(kind)?.timer.cancel()
    this.#running.delete(kind)
    if (delayMs <= 0) return
    const dueAt = this.#now(kind) + delayMs
    const running: Running = { kind, dueAt, intervalMs, timer: this.#wake(delayMs, () => this.#look(running)) }
    this.#running.set(kind, running)
  }

  /** Raises what the system sends to the process under this number, or leaves it to the system again. */
  watch(signum: number, isWatched: boolean): void {
    const listener = this.#listeners.get(signum)
    if (isWatched === (listener !== undefined)) return
    if (listener !== undefined) {
      process.off(...listener)
      this.#listeners.delete(signum)
      return
    }
    const name = nameOf(signum)
    if (name === null || HANDED_ON_ANYWAY.has(name)) return
    const raise = () => this.#raise(signum)
    process.on(name, raise)
    this.#listeners.set(signum, [name, raise])
  }

  stop(): void {
    for (const { timer } of this.#running.values()) timer.cancel()
    this.#running.clear()
    for (const listener of this.#listeners.values()) process.off(...listener)
    this.#listeners.clear()
  }

  /** A timer of computing is looked at after the time that it would take at full speed, again until it is due. */
  #look(running: Running): void {
    const leftMs = running.dueAt - this.#now(running.kind)
    if (leftMs > 0) {
      running.timer = this.#wake(leftMs, () => this.#look(running))
      return
    }
    if (running.intervalMs > 0) {
      running.dueAt += running.intervalMs * (1 + Math.floor(-leftMs / running.intervalMs))
      running.timer = this.#wake(running.dueAt - this.#now(running.kind), () => this.#look(running))
    } else {
      this.#running.delete(running.kind)
    }
    this.#raise(SIGNAL_OF[running.kind])
  }

  #wake(delayMs: number, callback: () => void): Timer {
    return this.#clock.wakeAfter(Math.max(1, Math.ceil(delayMs)), callback)
  }

  #now(kind: TimerKind): number {
    if (kind === 'real') return this.#clock.monotonic()
    const { user, system } = process.cpuUsage()
    return (kind === 'virtual' ? user : user + system) / 1_000
  }
}

function nameOf(signum: number): NodeJS.Signals | null {
  const names = Object.entries(constants.signals).find(([, number]) => number === signum)
  return (names?.[0] as NodeJS.Signals | undefined) ?? null
}

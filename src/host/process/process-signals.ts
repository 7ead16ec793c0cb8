/**
 * Signals of an interpreter: those that the engine sends, and those that the engine's process receives and for which a
 * script has a handler. Owned by `interpreter-process.ts`.
 */

import { constants } from 'node:os'
import type { Clock } from '../../engine/clock-port.ts'
import type { ControlLine } from './control-line.ts'

/**
 * The command line sends the first three to a program with or without a handler. SIGCHLD is about the process's own
 * children, and for the others Node throws.
 */
const NOT_HEARD_HERE = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGCHLD', 'SIGKILL', 'SIGSTOP'])

export class ProcessSignals {
  readonly #clock: Clock
  readonly #control: Pick<ControlLine, 'raise' | 'acknowledge'>
  readonly #listeners = new Map<number, readonly [NodeJS.Signals, () => void]>()
  #untakenSince: number | null = null

  constructor(clock: Clock, control: Pick<ControlLine, 'raise' | 'acknowledge'>) {
    this.#clock = clock
    this.#control = control
  }

  /** Delivers a signal to Python. Returns the milliseconds since the oldest signal that Python has not taken. */
  raise(signum: number): number {
    this.#control.raise(signum)
    this.#untakenSince ??= this.#clock.monotonic()
    return this.#clock.monotonic() - this.#untakenSince
  }

  taken(): void {
    this.#untakenSince = null
  }

  watch(signum: number, isWatched: boolean): void {
    this.#listen(signum, isWatched)
    this.#control.acknowledge()
  }

  #listen(signum: number, isWatched: boolean): void {
    const listener = this.#listeners.get(signum)
    if (isWatched === (listener !== undefined)) return
    if (listener !== undefined) {
      process.off(...listener)
      this.#listeners.delete(signum)
      return
    }
    const name = nameOf(signum)
    if (name === null || NOT_HEARD_HERE.has(name)) return
    const raise = () => void this.raise(signum)
    process.on(name, raise)
    this.#listeners.set(signum, [name, raise])
  }

  stop(): void {
    for (const listener of this.#listeners.values()) process.off(...listener)
    this.#listeners.clear()
  }
}

function nameOf(signum: number): NodeJS.Signals | null {
  const names = Object.entries(constants.signals).find(([, number]) => number === signum)
  return (names?.[0] as NodeJS.Signals | undefined) ?? null
}

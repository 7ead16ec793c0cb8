/**
 * Signals that the engine's process gets and for which a script has a handler: they are handed on, for whoever starts a
 * script knows that process only. Owned by `interpreter-process.ts`; everything ends with `stop`.
 */

import { constants } from 'node:os'

/**
 * The command line hands the first three on to a program whether it has a handler or not; SIGCHLD is about the process's own children,
 * and for the others Node throws.
 */
const NOT_HEARD_HERE = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGCHLD', 'SIGKILL', 'SIGSTOP'])

export class ProcessSignals {
  readonly #raise: (signum: number) => void
  readonly #listeners = new Map<number, readonly [NodeJS.Signals, () => void]>()

  constructor(raise: (signum: number) => void) {
    this.#raise = raise
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
    if (name === null || NOT_HEARD_HERE.has(name)) return
    const raise = () => this.#raise(signum)
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

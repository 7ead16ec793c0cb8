/** Loads the scripts of an interpreter into its successor. Owned by `interpreter-supervisor.ts`. */

import type { Clock } from '../../../engine/clock-port.ts'

/** Time after which the next script is loaded although the script before it is still being loaded. */
const LOAD_ALONE_MS = 5_000

export class ScriptReloads {
  readonly #pauses: Pauses
  readonly #reloads = new Map<string, Promise<void>>()

  constructor(pauses: Pauses) {
    this.#pauses = pauses
  }

  get isEmpty(): boolean {
    return this.#reloads.size === 0
  }

  of(script: string): Promise<void> | undefined {
    return this.#reloads.get(script)
  }

  async ended(): Promise<void> {
    await Promise.all(this.#reloads.values())
  }

  /** Loads the scripts one after another. `reload` never rejects. */
  begin(scripts: Iterable<string>, reload: (script: string) => Promise<void>): void {
    let before: Promise<unknown> = Promise.resolve()
    for (const script of scripts) {
      const loaded = before
        .then(() => reload(script))
        .finally(() => {
          if (this.#reloads.get(script) === loaded) this.#reloads.delete(script)
        })
      this.#reloads.set(script, loaded)
      before = Promise.race([loaded, before.then(() => this.#pauses.begin(LOAD_ALONE_MS))])
    }
  }

  clear(): void {
    this.#reloads.clear()
  }
}

/** Waits that end early when the supervisor is closed. */
export class Pauses {
  readonly #clock: Clock
  readonly #ends = new Set<() => void>()
  #isClosed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  begin(ms: number): Promise<void> {
    if (ms <= 0 || this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#clock.wakeAfter(ms, () => end())
      const end = () => {
        timer.cancel()
        this.#ends.delete(end)
        resolve()
      }
      this.#ends.add(end)
    })
  }

  close(): void {
    this.#isClosed = true
    for (const end of this.#ends) end()
  }
}

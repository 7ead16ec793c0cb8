/**
 * Engines of several processes on one database file, for tests in which a process is suspended. Each has its own store
 * and its own clock. A process whose clock the test does not move is suspended, and sends no heartbeat.
 */

import type { Store } from '../../src/engine/store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type EngineParts, RunningEngine } from '../support/running-engine.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

/** Time after which other engines have taken over: 10 s of silence, and time for some heartbeats. */
export const TAKE_OVER_MS = 30_000

export interface StoreParts {
  /** Function that wraps the store of the engine. */
  readonly around?: (store: Store) => Store
  /** Function called before each statement that writes. An error that it throws is treated as an error of SQLite. */
  readonly beforeWrite?: (sql: string) => void
}

export class SeparateProcesses implements AsyncDisposable {
  readonly #folder: TemporaryFolder = temporaryFolder()
  readonly #started: RunningEngine[] = []

  /** Starts an engine with its own store and clock, like a separate process. */
  async start(parts: EngineParts, storeParts: StoreParts = {}): Promise<RunningEngine> {
    const { around = (store) => store, beforeWrite } = storeParts
    const clock = parts.clock ?? new ManualClock()
    const store = await openSqliteStore({
      path: this.#folder.file('shared.db'),
      durability: 'normal',
      clock,
      isProcessAlive: () => true,
      ...(beforeWrite !== undefined && { faults: { beforeBegin: () => {}, beforeWrite, afterCommit: () => {} } }),
    })
    const running = await RunningEngine.start({ ...parts, clock, store: around(store) })
    this.#started.push(running)
    return running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#started) await running[Symbol.asyncDispose]()
    for (const { store } of this.#started) await store.close()
    this.#folder[Symbol.dispose]()
  }
}

/** Lets a process continue after it was suspended for `ms`. */
export async function continueAfter({ clock }: RunningEngine, ms: number): Promise<void> {
  clock.standStill(ms)
  await clock.advance(0)
}

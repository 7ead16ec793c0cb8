/** Database with two store objects, which act like two processes, and a clock that the test advances. */

import type { Store } from '../../src/engine/store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { ManualClock } from './manual-clock.ts'
import { type EngineParts, RunningEngine } from './running-engine.ts'
import { type TemporaryFolder, temporaryFolder } from './store-sites.ts'

export class TwoStores implements AsyncDisposable {
  readonly clock: ManualClock
  /** Store of the process that serves. */
  readonly here: Store
  /** Store of the process that sends requests. */
  readonly there: Store
  readonly #folder: TemporaryFolder

  private constructor(folder: TemporaryFolder, clock: ManualClock, here: Store, there: Store) {
    this.#folder = folder
    this.clock = clock
    this.here = here
    this.there = there
  }

  static async open(): Promise<TwoStores> {
    const folder = temporaryFolder()
    const clock = new ManualClock()
    const options = { path: folder.file('shared.db'), durability: 'normal', clock } as const
    return new TwoStores(folder, clock, await openSqliteStore(options), await openSqliteStore(options))
  }

  /** Starts an engine that serves. The test must stop it before the stores are closed. */
  serve(parts: EngineParts, store: Store = this.here): Promise<RunningEngine> {
    return RunningEngine.start({ ...parts, clock: this.clock, store })
  }

  /** Opens an engine that only sends requests. */
  ask(): Promise<RunningEngine> {
    return RunningEngine.start({ clock: this.clock, store: this.there, isIdle: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.here.close(), this.there.close()])
    this.#folder[Symbol.dispose]()
  }
}

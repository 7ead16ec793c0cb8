/** One database that two processes have open: two store objects stand for them, on a clock that the test moves. */

import type { Store } from '../../src/engine/ports.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { FakeClock } from './fake-clock.ts'
import { type EngineParts, RunningEngine } from './running-engine.ts'
import { type TemporaryFolder, temporaryFolder } from './store-sites.ts'

export class TwoStores implements AsyncDisposable {
  readonly clock: FakeClock
  /** That of the process that serves. */
  readonly here: Store
  /** That of the process that asks. */
  readonly there: Store
  readonly #folder: TemporaryFolder

  private constructor(folder: TemporaryFolder, clock: FakeClock, here: Store, there: Store) {
    this.#folder = folder
    this.clock = clock
    this.here = here
    this.there = there
  }

  static async open(): Promise<TwoStores> {
    const folder = temporaryFolder()
    const clock = new FakeClock()
    const options = { path: folder.file('shared.db'), durability: 'normal', clock } as const
    return new TwoStores(folder, clock, await openSqliteStore(options), await openSqliteStore(options))
  }

  /** An engine that serves, which is to be stopped before the stores are closed. */
  serve(parts: EngineParts, store: Store = this.here): Promise<RunningEngine> {
    return RunningEngine.start({ ...parts, clock: this.clock, store })
  }

  /** An engine that only asks. */
  ask(): Promise<RunningEngine> {
    return RunningEngine.start({ clock: this.clock, store: this.there, isIdle: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.here.close(), this.there.close()])
    this.#folder[Symbol.dispose]()
  }
}

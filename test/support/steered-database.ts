/**
 * Database that is used from two sides: by commands of a user, and by engines of the test, with a clock that the test
 * advances.
 */

import { join } from 'node:path'
import { afterEach, beforeEach, vi } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { type ProcessEnd, Terminal } from './cloaca-process.ts'
import { ManualClock } from './manual-clock.ts'
import { type EngineParts, RunningEngine } from './running-engine.ts'

/** Time by which the clock moves in one turn, while a command runs. */
const MOVED_MS = 20

export class SteeredDatabase implements AsyncDisposable {
  readonly terminal = new Terminal()
  readonly path = join(this.terminal.folder, 'jobs.db')
  readonly clock = new ManualClock()
  #store: Store | null = null

  static async open(): Promise<SteeredDatabase> {
    const database = new SteeredDatabase()
    database.#store = await openSqliteStore({ path: database.path, durability: 'normal', clock: database.clock })
    return database
  }

  get store(): Store {
    if (this.#store === null) throw new Error('the database is not open')
    return this.#store
  }

  /** Runs `cloaca` on the database to its end. */
  run(...words: readonly string[]): Promise<ProcessEnd> {
    return this.terminal.run([...words, '--db', this.path])
  }

  /** Starts an engine, which the test must stop before its end. */
  serve(parts: EngineParts): Promise<RunningEngine> {
    return RunningEngine.start({ ...parts, clock: this.clock, store: this.store })
  }

  /**
   * Advances the clock of the engines until a command has ended, and returns its result. The command, which must have
   * been called in the same turn, uses this clock too, so that its time limit does not pass on a busy machine.
   */
  async moving<Result>(until: Promise<Result>): Promise<Result> {
    const { clock } = this
    const spies = [
      vi.spyOn(SystemClock.prototype, 'now').mockImplementation(() => clock.now()),
      vi.spyOn(SystemClock.prototype, 'monotonic').mockImplementation(() => clock.monotonic()),
      vi.spyOn(SystemClock.prototype, 'wakeAfter').mockImplementation((...timer) => clock.wakeAfter(...timer)),
    ]
    let isDone = false
    const done = until.finally(() => {
      isDone = true
      for (const spy of spies) spy.mockRestore()
    })
    while (!isDone) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      await clock.advance(MOVED_MS)
    }
    return await done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store?.close()
    await this.terminal[Symbol.asyncDispose]()
  }
}

/** Opens a database for each test of a file or group. */
export function steeredDatabases(): () => SteeredDatabase {
  let database: SteeredDatabase
  beforeEach(async () => {
    database = await SteeredDatabase.open()
  })
  afterEach(() => database[Symbol.asyncDispose]())
  return () => database
}

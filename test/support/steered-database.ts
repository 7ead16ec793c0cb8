/**
 * Database that is used from two sides: by commands of a user, in processes of their own, and by engines of the test,
 * with a clock that the test advances.
 */

import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { type ProcessEnd, Terminal } from './cloaca-process.ts'
import { ManualClock } from './manual-clock.ts'
import { type EngineParts, RunningEngine } from './running-engine.ts'

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

  /** Advances the clock of the engines with the real time until a command has ended, and returns its result. */
  async moving<Result>(until: Promise<Result>): Promise<Result> {
    let isDone = false
    const done = until.finally(() => {
      isDone = true
    })
    for (let seenAt = performance.now(); !isDone; ) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      const passedMs = Math.round(performance.now() - seenAt)
      seenAt += passedMs
      await this.clock.advance(passedMs)
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

/**
 * A database that is steered from two sides: by commands that a user types, in processes of their own, and by engines of the
 * test on a clock that it moves.
 */

import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import type { Store } from '../../src/engine/ports.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { type ProcessEnd, Terminal } from './cloaca-process.ts'
import { FakeClock } from './fake-clock.ts'
import { type EngineParts, RunningEngine } from './running-engine.ts'

export class SteeredDatabase implements AsyncDisposable {
  readonly terminal = new Terminal()
  readonly path = join(this.terminal.folder, 'jobs.db')
  readonly clock = new FakeClock()
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

  /** Runs `cloaca` with these words on the database, to its end. */
  run(...words: readonly string[]): Promise<ProcessEnd> {
    return this.terminal.run([...words, '--db', this.path])
  }

  /** An engine here, which is to be stopped before the end of the test. */
  serve(parts: EngineParts): Promise<RunningEngine> {
    return RunningEngine.start({ ...parts, clock: this.clock, store: this.store })
  }

  /** Moves the clock of the engines here until a command has ended, as far as the command's own clock moves. */
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

/** One for each test of a file or a group. */
export function steeredDatabases(): () => SteeredDatabase {
  let database: SteeredDatabase
  beforeEach(async () => {
    database = await SteeredDatabase.open()
  })
  afterEach(() => database[Symbol.asyncDispose]())
  return () => database
}

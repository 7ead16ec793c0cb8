/** A database of SQLite: a step is the only writer, and runs to its end without a pause. */

import type { Clock, StoreChange } from '../../engine/ports.ts'
import { StoreCounters } from '../../metrics/store-counters.ts'
import { type Database, runOne, type StepGroup } from '../database.ts'
import { isProcessAlive, type ProcessIdentity, thisProcess } from '../process-identity.ts'
import type { RunStep, Session, Step, StepNeed } from '../session.ts'
import type { FindUnowned } from '../steps/executions/acquisition.ts'
import type { PrunedTables } from '../steps/history/retention.ts'
import { Checkpoints } from './file/checkpoints.ts'
import type { Connection, ConnectionFaults } from './file/connection.ts'
import { DatabaseWatch } from './file/database-watch.ts'
import { readOnly } from './file/failures.ts'
import type { ReadFileSystem } from './file/file-system.ts'
import { ForeignChanges } from './file/foreign-changes.ts'
import { finish, SqliteSession } from './file/session.ts'
import { StepQueue } from './file/step-queue.ts'
import { SqliteLiveness } from './liveness.ts'
import { SCHEMA } from './schema/schema.ts'
import { SQL } from './sql.ts'
import { unownedOn } from './unowned.ts'

export interface SqliteStoreOptions {
  /** A file, which is created if it is missing, or `:memory:`. */
  readonly path: string
  /**
   * `full`: accepted work and its results survive a power cut. `normal`: a power cut may lose the last moments, but
   * does not damage the file. The death of the process loses nothing.
   */
  readonly durability: 'full' | 'normal'
  readonly clock: Clock
  /** Process that other processes see as the owner of this store's instances. This process by default. */
  readonly process?: ProcessIdentity
  /** Makes a UUID for a row. Random by default. */
  readonly newId?: () => string
  /** Faults that a simulation puts between the store and SQLite. None by default. */
  readonly faults?: ConnectionFaults
  /** Whether a process of this host exists. Signal 0 by default. */
  readonly isProcessAlive?: (pid: number) => boolean
  /** Refuses steps that write, and needs no right and no lock to write. The file must exist. Ignored in memory. */
  readonly readOnly?: boolean
  /** Receives warnings about the file system and the log for the user. */
  readonly notice?: (message: string) => void
  /** Returns the kind of the file system of a path. `statfs` by default. */
  readonly readFileSystem?: ReadFileSystem
}

export class SqliteDatabase implements Database {
  readonly counters = new StoreCounters()
  readonly liveness: SqliteLiveness
  readonly instances = new Set<string>()
  readonly isReadOnly: boolean
  readonly isBlocking = true
  readonly prunedTables: PrunedTables = {
    // A few milliseconds.
    executionsPerStep: 10,
    *find() {
      return (family) => [family === 'executions' ? 'executions' : 'ticks']
    },
  }
  readonly #connection: Connection
  readonly #session: SqliteSession
  readonly #clock: Clock
  readonly #watch: DatabaseWatch
  readonly #queue: StepQueue
  readonly #foreignChanges: ForeignChanges
  #enterAgain: (session: Session, at: number) => Step<void> = function* () {}

  constructor(connection: Connection, options: SqliteStoreOptions) {
    const { clock, process = thisProcess(), isProcessAlive: isAlive = isProcessAlive, notice = () => {} } = options
    this.#connection = connection
    this.#session = new SqliteSession(connection, SQL)
    this.#clock = clock
    this.isReadOnly = connection.isReadOnly
    this.#watch = new DatabaseWatch(connection, clock, () => this.prepare())
    const syncs = options.durability === 'full'
    const checkpoints = new Checkpoints(connection, clock, this.#watch, notice)
    const afterCommit = (): void => checkpoints.committed()
    this.#queue = new StepQueue(connection, { clock, syncs, watch: this.#watch, afterCommit, counters: this.counters })
    this.liveness = new SqliteLiveness(process, isAlive, clock)
    this.#foreignChanges = new ForeignChanges(clock, () => this.#foreignVersion())
  }

  readonly run: RunStep = (need, body) => this.#add(need, () => finish(body(this.#session)))

  readonly report: RunStep = this.run

  group<Item, Result>(need: StepNeed, group: StepGroup<Item, Result>, item: Item): Promise<Result> {
    return this.#add(need, () => finish(runOne(this.#session, group, item)))
  }

  searchUnowned(): FindUnowned {
    return unownedOn(this.liveness)
  }

  acquired(): void {}

  /** Heartbeats are measured with the clock of each engine. */
  async compareClocks(): Promise<void> {}

  async dropPartitions(): Promise<number> {
    return 0
  }

  onForeignChange(callback: () => void): () => void {
    return this.#connection.isMemory ? () => {} : this.#foreignChanges.listen(callback)
  }

  onDatabaseChange(callback: (change: StoreChange) => void): () => void {
    return this.#watch.listen(callback)
  }

  whenReplaced(step: (session: Session, at: number) => Step<void>): void {
    this.#enterAgain = step
  }

  async close(writeLast: () => readonly Promise<void>[]): Promise<void> {
    this.#foreignChanges.stop()
    this.#watch.stop()
    const last = this.isReadOnly ? [this.#add('read', () => {})] : writeLast()
    this.#queue.close()
    try {
      await Promise.all(last)
    } finally {
      this.#connection.close()
    }
  }

  #add<Result>(need: StepNeed, run: () => Result): Promise<Result> {
    if (this.isReadOnly && need !== 'read') return Promise.reject(readOnly(this.#connection.path))
    return this.#queue.add(need, run)
  }

  /**
   * Prepares a file that was opened. Throws as `Schema` does. After another file was opened, it runs in the same tick
   * of the event loop, because the next step needs the open engines.
   */
  prepare(): void {
    const at = this.#clock.now()
    if (this.isReadOnly) SCHEMA.assertReadable(this.#connection)
    else SCHEMA.migrate(this.#connection, at)
    this.#connection.opened()
    this.liveness.forget()
    this.#foreignChanges.reset()
    if (this.instances.size === 0) return
    this.#connection.atomically(() => finish(this.#enterAgain(this.#session, at)))
  }

  #foreignVersion(): string | null {
    if (!this.#watch.check()) return null
    try {
      const version = this.#connection.foreignVersion()
      // For each of several engines on this store, the commits of the others are foreign.
      return this.instances.size > 1 ? `${version} ${this.#connection.countChanges()}` : `${version}`
    } catch (thrown) {
      // The next step throws it: no caller waits for an answer here.
      this.#watch.suspect(thrown)
      return null
    }
  }
}

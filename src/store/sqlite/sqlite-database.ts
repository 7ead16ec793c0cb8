/** A database of SQLite: a step is the only writer, and runs to its end without a pause. */

import type { Clock } from '../../engine/clock-port.ts'
import type { StoreChange } from '../../engine/store.ts'
import { StoreCounters } from '../../metrics/store-counters.ts'
import { isProcessAlive, thisProcess } from '../process-identity.ts'
import type { FindUnowned } from '../steps/executions/acquisition.ts'
import type { PrunedTables } from '../steps/history/retention-steps.ts'
import { type Database, runOne, type StepGroup, type StoreOptions } from '../store-database.ts'
import { readOnlyError } from '../store-failures.ts'
import type { RunStep, Session, Step, StepNeed } from '../store-session.ts'
import { Checkpoints } from './file/checkpoints.ts'
import { DatabaseWatch } from './file/database-watch.ts'
import type { ReadFileSystem } from './file/file-system.ts'
import { LogSync, type SyncFile } from './file/log-sync.ts'
import type { Connection, ConnectionFaults } from './file/sqlite-connection.ts'
import { ForeignChanges } from './file/sqlite-foreign-changes.ts'
import { runStep, SqliteSession } from './file/sqlite-session.ts'
import { StepBatches } from './file/step-batches.ts'
import { StepQueue } from './file/step-queue.ts'
import { SCHEMA } from './schema/sqlite-schema.ts'
import { SqliteLiveness } from './sqlite-liveness.ts'
import { SQL } from './sqlite-sql.ts'
import { findUnowned } from './sqlite-unowned.ts'

export interface SqliteStoreOptions extends StoreOptions {
  /** A file, which is created if it is missing, or `:memory:`. */
  readonly path: string
  /** Faults that a simulation puts between the store and SQLite. None by default. */
  readonly faults?: ConnectionFaults
  /** Syncs the write-ahead log. Null: never, for simulations. `fdatasync` by default. */
  readonly syncFile?: SyncFile | null
  /** Returns the kind of the file system of a path. `statfs` by default. */
  readonly readFileSystem?: ReadFileSystem
}

export class SqliteDatabase implements Database {
  readonly counters = new StoreCounters()
  readonly instances = new Set<string>()
  readonly isReadOnly: boolean
  readonly isBlocking = true
  readonly prunedTables: PrunedTables = {
    executionsPerStep: 10,
    *find() {
      return (family) => [family === 'executions' ? 'executions' : 'ticks']
    },
  }
  readonly #connection: Connection
  readonly #liveness: SqliteLiveness
  readonly #session: SqliteSession
  readonly #clock: Clock
  readonly #watch: DatabaseWatch
  readonly #queue: StepQueue
  readonly #logSync: LogSync | null
  readonly #batches = new StepBatches((group, items) =>
    this.#add('write', () => runStep(group.run(this.#session, items))),
  )
  readonly #foreignChanges: ForeignChanges
  #enterAgain: (session: Session, at: number, isOther: boolean) => Step<void> = function* () {}

  constructor(connection: Connection, options: SqliteStoreOptions) {
    const { clock, process = thisProcess(), isProcessAlive: isAlive = isProcessAlive, notice = () => {} } = options
    this.#connection = connection
    this.#clock = clock
    this.isReadOnly = connection.isReadOnly
    this.#watch = new DatabaseWatch(connection, clock, (isOther) => this.prepare(isOther))
    const syncs = options.durability === 'full'
    const checkpoints = new Checkpoints(connection, clock, this.#watch, notice)
    this.#logSync =
      connection.isMemory || options.syncFile === null
        ? null
        : new LogSync(connection.path, clock, notice, options.syncFile)
    const afterCommit = (isSynced: boolean): void => {
      checkpoints.committed()
      this.#logSync?.committed(isSynced)
    }
    this.#queue = new StepQueue(connection, { clock, syncs, watch: this.#watch, afterCommit, counters: this.counters })
    this.#liveness = new SqliteLiveness(process, isAlive, clock, this.instances)
    this.#session = new SqliteSession(connection, SQL, this.#liveness)
    this.#foreignChanges = new ForeignChanges(clock, () => this.#foreignVersion())
  }

  readonly run: RunStep = (need, body) => this.#add(need, () => runStep(body(this.#session)))

  readonly report: RunStep = this.run

  group<Item, Result>(need: StepNeed, group: StepGroup<Item, Result>, item: Item): Promise<Result> {
    if (group.isCollected) return this.#batches.add(group, item)
    return this.#add(need, () => runStep(runOne(this.#session, group, item)))
  }

  searchUnowned(): FindUnowned {
    return findUnowned
  }

  acquired(): void {}

  warnOfSkew(): void {}

  async dropPartitions(): Promise<number> {
    return 0
  }

  onForeignChange(callback: () => void): () => void {
    return this.#connection.isMemory ? () => {} : this.#foreignChanges.listen(callback)
  }

  onDatabaseChange(callback: (change: StoreChange) => void): () => void {
    return this.#watch.listen(callback)
  }

  whenReplaced(step: (session: Session, at: number, isOther: boolean) => Step<void>): void {
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
      await this.#logSync?.stop()
      this.#connection.close()
    }
  }

  #add<Result>(need: StepNeed, run: () => Result): Promise<Result> {
    const { path } = this.#connection
    if (this.isReadOnly && need !== 'read') return Promise.reject(readOnlyError(path, { path }))
    return this.#queue.add(need, run)
  }

  /**
   * Prepares a file that was opened. Throws as `Schema` does. After another file was opened, it runs in the same tick
   * of the event loop, because the next step needs the open engines.
   */
  prepare(isOther = false): void {
    const at = this.#clock.now()
    if (this.isReadOnly) SCHEMA.assertReadable(this.#connection)
    else SCHEMA.migrate(this.#connection, at)
    this.#connection.opened()
    this.#liveness.forget()
    this.#foreignChanges.reset()
    if (this.instances.size === 0) return
    this.#connection.atomically(() => runStep(this.#enterAgain(this.#session, at, isOther)))
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

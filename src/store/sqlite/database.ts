/** A database of SQLite: a step is the only writer, and runs to its end without a pause. */

import type { Clock, StoreChange } from '../../engine/ports.ts'
import { StoreCounters } from '../../metrics/store-counters.ts'
import { type Database, runOne, type StepGroup } from '../database.ts'
import { isProcessAlive, thisProcess } from '../process-identity.ts'
import type { RunStep, Session, Step, StepNeed } from '../session.ts'
import type { FindUnowned } from '../steps/executions/acquisition.ts'
import type { PrunedTables } from '../steps/history/retention.ts'
import { Checkpoints } from './file/checkpoints.ts'
import type { Connection } from './file/connection.ts'
import { DatabaseWatch } from './file/database-watch.ts'
import { readOnly } from './file/failures.ts'
import { ForeignChanges } from './file/foreign-changes.ts'
import { finish, SqliteSession } from './file/session.ts'
import { StepQueue } from './file/step-queue.ts'
import { SqliteLiveness } from './liveness.ts'
import { SCHEMA } from './schema/schema.ts'
import { SQL } from './sql.ts'
import { isReadOnly, type SqliteStoreOptions } from './store-options.ts'
import { unownedOn } from './unowned.ts'

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
    this.isReadOnly = isReadOnly(options)
    this.#watch = new DatabaseWatch(connection, clock, () => this.#openedAnother())
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

  /** Runs in the tick of the event loop in which another file was opened: the next step needs the open engines. */
  #openedAnother(): void {
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

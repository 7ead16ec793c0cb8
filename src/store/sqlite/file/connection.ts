/**
 * An open SQLite database: its settings, statements and transactions. The step queue begins and ends the transactions,
 * and steps run statements. Each SQL text is prepared once.
 */

import { randomUUID } from 'node:crypto'
import Database from 'better-sqlite3'
import { MEMORY_PATH } from '../../database-url.ts'
import { DatabaseFile } from './database-file.ts'
import { gone, leftLog, unavailable } from './failures.ts'
import { inOrder, withPlaceholders } from './placeholders.ts'
import { openForReading } from './reading.ts'
import { assertSoundSqlite } from './sqlite-version.ts'

/** Durability of a commit: `synced` survives a power cut, `kept` the death of the process. */
type Durability = 'kept' | 'synced'

/** Called before and after the work of SQLite, so that a simulation can throw errors as SQLite does. */
export interface ConnectionFaults {
  beforeBegin(): void
  /** `sql`: the statement, among them `COMMIT` of a transaction that writes. */
  beforeWrite(sql: string): void
  afterCommit(): void
}

interface ConnectionOptions {
  /** Makes a UUID for a row. Random by default. */
  readonly newId?: () => string
  /** None by default. */
  readonly faults?: ConnectionFaults
}

export type Value = string | number | null

/** The write-ahead log, in pages. */
export interface LogState {
  readonly pages: number
  /** Number of pages that are also in the file. */
  readonly folded: number
  /** Whether a reader or the checkpoint of another process prevented this checkpoint. */
  readonly isBusy: boolean
}

interface Prepared {
  readonly statement: Database.Statement<Value[], unknown>
  readonly order: readonly number[] | null
  /** Whether the statement writes, also if it returns rows. */
  readonly isWriting: boolean
}

interface CheckpointRecord {
  readonly busy: number
  readonly log: number
  readonly checkpointed: number
}

/**
 * `NOOP` changes nothing. `PASSIVE` writes into the file those pages of the log that no reader needs. `RESTART` also
 * locks out writers and new readers until the whole log is in the file, so that the next commit starts the log again.
 */
export type CheckpointMode = 'NOOP' | 'PASSIVE' | 'RESTART'

/** Other processes may be opening the same file. */
const OPENING_TIMEOUT_MS = 5_000
/** Covers short transactions of other processes. The step queue waits for longer ones. */
const BUSY_TIMEOUT_MS = 10
const LOG_LIMIT_BYTES = 67_108_864

export class Connection {
  readonly path: string
  readonly file: DatabaseFile
  readonly newId: () => string
  readonly #faults: ConnectionFaults | undefined
  readonly #access: 'read' | 'write'
  /** Null after `close`, and while the file is missing. */
  #open: Database.Database | null
  readonly #statements = new Map<string, Prepared>()
  /** False for databases in memory and on some network file systems. */
  #hasLog = false
  #durability: Durability = 'synced'
  #isWriting = false

  /** With `read`, writes nothing to the folder of the file. Throws `DATABASE_UNAVAILABLE`. */
  constructor(
    path: string,
    access: 'read' | 'write' = 'write',
    { newId = randomUUID, faults }: ConnectionOptions = {},
  ) {
    this.path = path
    this.newId = newId
    this.#faults = faults
    this.#access = access
    this.file = new DatabaseFile(path)
    this.#open = this.#openFile(OPENING_TIMEOUT_MS)
  }

  get isMemory(): boolean {
    return this.path === MEMORY_PATH
  }

  /** Whether the path still names the open file and its log. */
  get isInPlace(): boolean {
    return this.isMemory || (this.#open !== null && this.file.isInPlace)
  }

  /** The first row, or undefined. */
  one<Row>(sql: string, ...values: Value[]): Row | undefined {
    const { statement, order, isWriting } = this.#statement(sql)
    if (isWriting) this.#faults?.beforeWrite(sql)
    return statement.get(...inOrder(values, order)) as Row | undefined
  }

  all<Row>(sql: string, ...values: Value[]): Row[] {
    const { statement, order, isWriting } = this.#statement(sql)
    if (isWriting) this.#faults?.beforeWrite(sql)
    return statement.all(...inOrder(values, order)) as Row[]
  }

  /** Returns the rows one by one. No other statement may run before the loop ends. */
  each<Row>(sql: string, ...values: Value[]): IterableIterator<Row> {
    const { statement, order } = this.#statement(sql)
    return statement.iterate(...inOrder(values, order)) as IterableIterator<Row>
  }

  /** Returns the number of changed rows. */
  run(sql: string, ...values: Value[]): number {
    this.#faults?.beforeWrite(sql)
    const { statement, order } = this.#statement(sql)
    return statement.run(...inOrder(values, order)).changes
  }

  /** Runs several statements without values. */
  script(sql: string): void {
    this.#database.exec(sql)
  }

  beginRead(): void {
    this.#faults?.beforeBegin()
    this.#statement('BEGIN').statement.run()
  }

  /** Takes the write lock immediately, so that rows which a step has read cannot change before it writes. */
  beginWrite(durability: Durability): void {
    this.#faults?.beforeBegin()
    this.#setDurability(durability)
    this.#statement('BEGIN IMMEDIATE').statement.run()
    this.#isWriting = true
  }

  commit(): void {
    if (this.#isWriting) this.#faults?.beforeWrite('COMMIT')
    this.#statement('COMMIT').statement.run()
    if (this.#isWriting) this.#faults?.afterCommit()
    this.#isWriting = false
  }

  /** Does nothing if SQLite has rolled back itself, as it does after some errors. */
  rollback(): void {
    this.#isWriting = false
    if (this.#open?.inTransaction) this.#statement('ROLLBACK').statement.run()
  }

  /** Runs statements in a write transaction outside of the step queue. */
  atomically(run: () => void): void {
    this.beginWrite('synced')
    try {
      run()
      this.commit()
    } catch (error) {
      this.rollback()
      throw error
    }
  }

  /** Returns a number that changes when another connection commits. */
  foreignVersion(): number {
    return this.one<{ readonly data_version: number }>('PRAGMA data_version')?.data_version ?? 0
  }

  /** Returns the number of rows that this connection has changed. */
  countChanges(): number {
    return this.one<{ readonly count: number }>('SELECT total_changes() AS count')?.count ?? 0
  }

  /** Returns null if there is no log. A `RESTART` waits up to `waitMs` for readers. */
  checkpoint(mode: CheckpointMode, waitMs = BUSY_TIMEOUT_MS): LogState | null {
    if (!this.#hasLog) return null
    if (waitMs !== BUSY_TIMEOUT_MS) this.#setBusyTimeout(waitMs)
    try {
      const state = this.one<CheckpointRecord>(`PRAGMA wal_checkpoint(${mode})`)
      if (state === undefined || state.log < 0) return null
      return { pages: state.log, folded: state.checkpointed, isBusy: state.busy > 0 }
    } finally {
      if (waitMs !== BUSY_TIMEOUT_MS) this.#setBusyTimeout(BUSY_TIMEOUT_MS)
    }
  }

  close(): void {
    const database = this.#open
    this.#open = null
    this.#statements.clear()
    database?.close()
  }

  /** Called when the tables are created. */
  opened(): void {
    this.#setBusyTimeout(BUSY_TIMEOUT_MS)
    this.file.remember()
  }

  /**
   * Closes the file, even inside a transaction. If the file was moved away, its log is written into it first, so that
   * it contains all accepted data, and the next file with this name does not get the log.
   */
  letGo(): void {
    const hasMoved = this.#access === 'write' && this.#open !== null && !this.file.isNamed
    const isFolded = hasMoved && this.#foldMoved()
    // SQLite does not change log and file if it notices that the file has moved.
    this.close()
    if (isFolded) this.file.removeLeftLog()
  }

  /** Opens the file that the path names now. Throws `DATABASE_UNAVAILABLE`. Creates no file. */
  reopen(): void {
    const log = this.file.isNamed ? null : this.file.leftLog
    if (log !== null) throw leftLog(this.path, log)
    this.#open = this.#openFile(BUSY_TIMEOUT_MS, true)
    this.#durability = 'synced'
  }

  /** Returns false if the log could not be written into the file. The log is kept then. */
  #foldMoved(): boolean {
    try {
      this.rollback()
      this.checkpoint('PASSIVE')
      return true
    } catch {
      return false
    }
  }

  #openFile(timeout: number, fileMustExist = false): Database.Database {
    let database: Database.Database | undefined
    try {
      if (this.#access === 'read') {
        database = openForReading(this.path, timeout)
        return database
      }
      if (!fileMustExist && !this.isMemory) this.file.makePrivate()
      database = new Database(this.path, { timeout, fileMustExist })
      if (!this.isMemory) this.file.assertWritable()
      assertSoundSqlite(this.path, database.prepare('SELECT sqlite_version()').pluck().get() as string)
      this.#hasLog = writeAhead(database)
      database.pragma('foreign_keys = ON')
      // Only for macOS, where a plain sync stops at the drive's cache.
      database.pragma('fullfsync = ON')
      database.pragma('synchronous = FULL')
      return database
    } catch (error) {
      database?.close()
      throw unavailable(this.path, error)
    }
  }

  get #database(): Database.Database {
    if (this.#open === null) throw gone(this.path)
    return this.#open
  }

  #setBusyTimeout(waitMs: number): void {
    this.#database.pragma(`busy_timeout = ${waitMs}`)
  }

  /** SQLite ignores the change inside a transaction. Without a log, less than FULL risks the file. */
  #setDurability(durability: Durability): void {
    if (durability === this.#durability || !this.#hasLog) return
    this.#database.exec(durability === 'synced' ? 'PRAGMA synchronous = FULL' : 'PRAGMA synchronous = NORMAL')
    this.#durability = durability
  }

  #statement(sql: string): Prepared {
    let prepared = this.#statements.get(sql)
    if (prepared === undefined) {
      const { text, order } = withPlaceholders(sql)
      const statement = this.#database.prepare<Value[], unknown>(text)
      prepared = { statement, order, isWriting: !statement.readonly }
      this.#statements.set(sql, prepared)
    }
    return prepared
  }
}

function writeAhead(database: Database.Database): boolean {
  const mode = database.pragma('journal_mode = WAL', { simple: true })
  // SQLite would checkpoint inside the commit that crosses a threshold. `checkpoints.ts` does it between commits.
  database.pragma('wal_autocheckpoint = 0')
  database.pragma(`journal_size_limit = ${LOG_LIMIT_BYTES}`)
  return mode === 'wal'
}

/** An open SQLite database: settings, statements and transactions, for the step queue. Prepares each SQL text once. */

import { randomUUID } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import Database from 'better-sqlite3'
import { MEMORY_PATH } from '../../../database/url.ts'
import type { Value } from '../../store-session.ts'
import { DatabaseFile } from './database-file.ts'
import { bindValues, type SqliteValue, withPlaceholders } from './placeholders.ts'
import { gone, leftLog, unavailable } from './sqlite-failures.ts'
import { openForReading } from './sqlite-reading.ts'
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
  /** Writes nothing to the folder of the file. The file must exist. Ignored in memory. */
  readonly readOnly?: boolean
  /** Makes a UUID for a row. Random by default. */
  readonly newId?: () => string
  readonly faults?: ConnectionFaults
}

export interface LogState {
  /** 1 if a reader or the checkpoint of another process prevented this checkpoint. */
  readonly busy: number
  readonly log: number
  /** Number of these pages that are also in the file. */
  readonly checkpointed: number
}

interface Prepared {
  readonly statement: Database.Statement<SqliteValue[], unknown>
  readonly order: readonly number[] | null
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
  readonly isReadOnly: boolean
  readonly newId: () => string
  readonly #faults: ConnectionFaults | undefined
  /** Open database. Null after `close`, and while the file is missing. */
  #open: Database.Database | null
  readonly #statements = new Map<string, Prepared>()
  /** False for databases in memory and on some network file systems. */
  #hasLog = false
  #durability: Durability = 'synced'
  #isWriting = false

  /** Throws `DATABASE_UNAVAILABLE`. */
  constructor(path: string, { readOnly = false, newId = randomUUID, faults }: ConnectionOptions = {}) {
    this.path = path
    this.isReadOnly = readOnly && path !== MEMORY_PATH
    this.newId = newId
    this.#faults = faults
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

  one<Row>(sql: string, ...values: Value[]): Row | undefined {
    const { statement, order } = this.#statement(sql)
    if (!statement.readonly) this.#faults?.beforeWrite(sql)
    return statement.get(...bindValues(values, order)) as Row | undefined
  }

  all<Row>(sql: string, ...values: Value[]): Row[] {
    const { statement, order } = this.#statement(sql)
    if (!statement.readonly) this.#faults?.beforeWrite(sql)
    return statement.all(...bindValues(values, order)) as Row[]
  }

  /** Returns the rows one by one. No other statement may run before the loop ends. */
  each<Row>(sql: string, ...values: Value[]): IterableIterator<Row> {
    const { statement, order } = this.#statement(sql)
    return statement.iterate(...bindValues(values, order)) as IterableIterator<Row>
  }

  run(sql: string, ...values: Value[]): number {
    this.#faults?.beforeWrite(sql)
    const { statement, order } = this.#statement(sql)
    return statement.run(...bindValues(values, order)).changes
  }

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
    // SQLite ignores the change inside a transaction. Without a log, less than FULL risks the file.
    if (durability !== this.#durability && this.#hasLog) {
      this.#database.exec(durability === 'synced' ? 'PRAGMA synchronous = FULL' : 'PRAGMA synchronous = NORMAL')
      this.#durability = durability
    }
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

  foreignVersion(): number {
    return this.one<{ readonly data_version: number }>('PRAGMA data_version')?.data_version ?? 0
  }

  countChanges(): number {
    return this.one<{ readonly count: number }>('SELECT total_changes() AS count')?.count ?? 0
  }

  /** Returns null if there is no log. A `RESTART` waits up to `waitMs` for readers. */
  checkpoint(mode: CheckpointMode, waitMs = BUSY_TIMEOUT_MS): LogState | null {
    if (!this.#hasLog) return null
    if (waitMs !== BUSY_TIMEOUT_MS) this.#setBusyTimeout(waitMs)
    try {
      const state = this.one<LogState>(`PRAGMA wal_checkpoint(${mode})`)
      return state === undefined || state.log < 0 ? null : state
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

  opened(): void {
    this.#setBusyTimeout(BUSY_TIMEOUT_MS)
    this.file.remember()
  }

  /**
   * Closes the file, even inside a transaction. If the file was moved away, its log is written into it first, so that
   * it contains all accepted data, and the next file with this name does not get the log.
   */
  letGo(): void {
    let isFolded = false
    if (!this.isReadOnly && this.#open !== null && !this.file.isNamed) {
      try {
        this.rollback()
        this.checkpoint('PASSIVE')
        isFolded = true
      } catch {
        // Ignored: the log is kept, because it could not be written into the file
      }
    }
    // SQLite does not change log and file if it notices that the file has moved.
    this.close()
    if (isFolded) this.file.removeLeftLog()
  }

  /**
   * Opens the file that the path names now, and returns whether it is another file than before. Throws
   * `DATABASE_UNAVAILABLE`. Creates no file.
   */
  reopen(): boolean {
    const isOther = !this.file.isOriginal
    const log = this.file.isNamed ? null : this.file.leftLog
    if (log !== null) throw leftLog(this.path, log)
    this.#open = this.#openFile(BUSY_TIMEOUT_MS, true)
    this.#durability = 'synced'
    return isOther
  }

  #openFile(timeout: number, fileMustExist = false): Database.Database {
    let database: Database.Database | undefined
    try {
      if (this.isReadOnly) return openForReading(this.path, timeout)
      if (!fileMustExist && !this.isMemory) this.file.makePrivate()
      database = new Database(this.path, { timeout, fileMustExist })
      // SQLite opens a file without write permission, and refuses the first write.
      if (!this.isMemory) accessSync(this.path, constants.W_OK)
      assertSoundSqlite(this.path, database.prepare('SELECT sqlite_version()').pluck().get() as string)
      this.#hasLog = database.pragma('journal_mode = WAL', { simple: true }) === 'wal'
      // SQLite would checkpoint inside the commit that crosses a threshold. `checkpoints.ts` does it between commits.
      database.pragma('wal_autocheckpoint = 0')
      database.pragma(`journal_size_limit = ${LOG_LIMIT_BYTES}`)
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

  #statement(sql: string): Prepared {
    let prepared = this.#statements.get(sql)
    if (prepared === undefined) {
      const { text, order } = withPlaceholders(sql)
      prepared = { statement: this.#database.prepare<SqliteValue[], unknown>(text), order }
      this.#statements.set(sql, prepared)
    }
    return prepared
  }
}

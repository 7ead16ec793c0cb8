/**
 * One open SQLite database: its settings, its statements, its transactions. The step queue drives the transactions,
 * the topics' steps run statements; nobody else holds it. Each SQL text is prepared once and kept.
 */

import { randomUUID } from 'node:crypto'
import Database from 'better-sqlite3'
import { MEMORY_PATH } from '../../database-url.ts'
import { DatabaseFile, type FileState } from './database-file.ts'
import { gone, leftLog, unavailable } from './failures.ts'
import { inOrder, withPlaceholders } from './placeholders.ts'
import { openForReading } from './reading.ts'
import { assertSoundSqlite } from './sqlite-version.ts'

/** What a commit must survive: `synced` a power cut, `kept` the death of the process. */
export type Durability = 'kept' | 'synced'

/** Called before and after the work of SQLite, so that a simulation can refuse it. An error that is thrown is taken for one of SQLite's. */
export interface ConnectionFaults {
  beforeBegin(): void
  /** `sql`: the statement, among them `COMMIT` of a transaction that writes. */
  beforeWrite(sql: string): void
  afterCommit(): void
}

export interface ConnectionOptions {
  /** Makes a UUID for a row. Random by default. */
  readonly newId?: () => string
  /** None by default. */
  readonly faults?: ConnectionFaults
}

export type Value = string | number | null

/** The log that is written ahead, in pages. */
export interface LogState {
  readonly pages: number
  /** How many of them are in the file, too. */
  readonly folded: number
  /** A reader, or another process at the same work, kept it from being done. */
  readonly isBusy: boolean
}

interface Prepared {
  readonly statement: Database.Statement<Value[][], unknown>
  readonly order: readonly number[] | null
  /** Whether the statement writes, also if it returns rows. */
  readonly isWriting: boolean
}

interface CheckpointRecord {
  readonly busy: number
  readonly log: number
  readonly checkpointed: number
}

const CHECKPOINT = {
  inspect: 'PRAGMA wal_checkpoint(NOOP)',
  fold: 'PRAGMA wal_checkpoint(PASSIVE)',
  restart: 'PRAGMA wal_checkpoint(RESTART)',
} as const

/** While it opens, it waits for other processes that open the same file. */
const OPENING_TIMEOUT_MS = 5_000
/** Afterwards a transaction of another process, as short as ours, is waited for here; a longer one by the step queue. */
const BUSY_TIMEOUT_MS = 10
const LOG_LIMIT_BYTES = 67_108_864

export class Connection {
  readonly path: string
  readonly newId: () => string
  readonly #faults: ConnectionFaults | undefined
  readonly #access: 'read' | 'write'
  readonly #file: DatabaseFile
  /** Null once it is closed, and while its file is not there. */
  #open: Database.Database | null
  readonly #statements = new Map<string, Prepared>()
  /** False where there is no log to write ahead (memory, some network file systems). */
  #hasLog = false
  #durability: Durability = 'synced'
  #isWriting = false

  /** `read` writes nothing, in the file and beside it, and makes no file. Throws `DATABASE_UNAVAILABLE`. */
  constructor(
    path: string,
    access: 'read' | 'write' = 'write',
    { newId = randomUUID, faults }: ConnectionOptions = {},
  ) {
    this.path = path
    this.newId = newId
    this.#faults = faults
    this.#access = access
    this.#file = new DatabaseFile(path)
    this.#open = this.#openFile(OPENING_TIMEOUT_MS)
  }

  get isMemory(): boolean {
    return this.path === MEMORY_PATH
  }

  /** Whether the path still names the file that is open here, and its log. */
  get isInPlace(): boolean {
    return this.isMemory || (this.#open !== null && this.#file.isInPlace)
  }

  /** Whether the path names any file. */
  get isThere(): boolean {
    return this.isMemory || this.#file.exists
  }

  /** What the path names now. */
  get fileState(): FileState | null {
    return this.#file.state
  }

  /** The first row, or undefined. */
  one<Row>(sql: string, ...values: Value[]): Row | undefined {
    const { statement, order, isWriting } = this.#statement(sql)
    if (isWriting) this.#faults?.beforeWrite(sql)
    return statement.get(inOrder(values, order)) as Row | undefined
  }

  all<Row>(sql: string, ...values: Value[]): Row[] {
    const { statement, order, isWriting } = this.#statement(sql)
    if (isWriting) this.#faults?.beforeWrite(sql)
    return statement.all(inOrder(values, order)) as Row[]
  }

  /** Rows one by one. No other statement may run before the loop ends. */
  each<Row>(sql: string, ...values: Value[]): IterableIterator<Row> {
    const { statement, order } = this.#statement(sql)
    return statement.iterate(inOrder(values, order)) as IterableIterator<Row>
  }

  /** How many rows it changed. */
  run(sql: string, ...values: Value[]): number {
    this.#faults?.beforeWrite(sql)
    const { statement, order } = this.#statement(sql)
    return statement.run(inOrder(values, order)).changes
  }

  /** The `seq` of the row that it inserted. */
  insert(sql: string, ...values: Value[]): number {
    this.#faults?.beforeWrite(sql)
    const { statement, order } = this.#statement(sql)
    return Number(statement.run(inOrder(values, order)).lastInsertRowid)
  }

  /** Several statements without values, as migrations have them. */
  script(sql: string): void {
    this.#database.exec(sql)
  }

  beginRead(): void {
    this.#faults?.beforeBegin()
    this.#statement('BEGIN').statement.run()
  }

  /** Takes the write lock at once, so that what a step looks at cannot change before it writes. */
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

  /** After some failures SQLite has rolled back by itself. */
  rollback(): void {
    this.#isWriting = false
    if (this.#open?.inTransaction) this.#statement('ROLLBACK').statement.run()
  }

  /** One write transaction around what the steps of no queue need. */
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

  /** Changes when another connection has committed; the number itself means nothing. */
  foreignVersion(): number {
    return this.one<{ readonly data_version: number }>('PRAGMA data_version')?.data_version ?? 0
  }

  /** How many rows this connection has changed. */
  countChanges(): number {
    return this.one<{ readonly count: number }>('SELECT total_changes() AS count')?.count ?? 0
  }

  /**
   * `inspect` changes nothing; `fold` writes into the file what no reader still needs in the log; `restart` also keeps writers and
   * new readers from the log until it is all in the file, so that it begins anew, and waits so long for those that are there.
   * Null where there is no log.
   */
  checkpoint(mode: 'inspect' | 'fold' | 'restart', waitMs = BUSY_TIMEOUT_MS): LogState | null {
    if (!this.#hasLog) return null
    if (waitMs !== BUSY_TIMEOUT_MS) this.#database.pragma(`busy_timeout = ${waitMs}`)
    let state: CheckpointRecord | undefined
    try {
      state = this.one<CheckpointRecord>(CHECKPOINT[mode])
    } finally {
      if (waitMs !== BUSY_TIMEOUT_MS) this.#database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
    }
    if (state === undefined || state.log < 0) return null
    return { pages: state.log, folded: state.checkpointed, isBusy: state.busy > 0 }
  }

  close(): void {
    const database = this.#open
    this.#open = null
    this.#statements.clear()
    database?.close()
  }

  /** To be called once the tables are there. */
  opened(): void {
    this.#database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
    this.#file.remember()
  }

  /**
   * Closes what is open, inside a transaction too. Of a file that was moved away, what is in the log goes into it
   * first, wherever it is now: it lacks nothing that was accepted, and the next file of this name gets no log of it.
   */
  letGo(): void {
    const hasMoved = this.#access === 'write' && this.#open !== null && !this.#file.isNamed
    const isFolded = hasMoved && this.#foldMoved()
    // SQLite itself leaves log and file alone when it sees that the file has moved.
    this.close()
    if (isFolded) this.#file.removeLeftLog()
  }

  /** Opens the file that the path names now. Throws `DATABASE_UNAVAILABLE`. It makes none. */
  openAnew(): void {
    const log = this.#file.isNamed ? null : this.#file.leftLog
    if (log !== null) throw leftLog(this.path, log)
    this.#open = this.#openFile(BUSY_TIMEOUT_MS, true)
    this.#durability = 'synced'
  }

  /** False where the log could not be written into the file: then it stays, since it has what the file lacks. */
  #foldMoved(): boolean {
    try {
      this.rollback()
      this.checkpoint('fold')
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
      if (!fileMustExist && !this.isMemory) this.#file.makePrivate()
      database = new Database(this.path, { timeout, fileMustExist })
      if (!this.isMemory) this.#file.assertWritable()
      assertSoundSqlite(this.path, database.prepare('SELECT sqlite_version()').pluck().get() as string)
      this.#hasLog = writeAhead(database)
      database.pragma('foreign_keys = ON')
      // macOS alone looks at it: there a plain sync stops at the drive's cache.
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

  /** Outside a transaction only: inside one SQLite ignores the change. Without a log, less than FULL risks the file. */
  #setDurability(durability: Durability): void {
    if (durability === this.#durability || !this.#hasLog) return
    this.#database.exec(durability === 'synced' ? 'PRAGMA synchronous = FULL' : 'PRAGMA synchronous = NORMAL')
    this.#durability = durability
  }

  #statement(sql: string): Prepared {
    let prepared = this.#statements.get(sql)
    if (prepared === undefined) {
      const { text, order } = withPlaceholders(sql)
      const statement = this.#database.prepare<Value[][], unknown>(text)
      prepared = { statement, order, isWriting: !statement.readonly }
      this.#statements.set(sql, prepared)
    }
    return prepared
  }
}

function writeAhead(database: Database.Database): boolean {
  const mode = database.pragma('journal_mode = WAL', { simple: true })
  // Else SQLite does it inside the commit that crosses its threshold: `checkpoints.ts` does it between commits.
  database.pragma('wal_autocheckpoint = 0')
  database.pragma(`journal_size_limit = ${LOG_LIMIT_BYTES}`)
  return mode === 'wal'
}

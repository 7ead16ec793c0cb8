/**
 * SQLite for scripts: databases on the host's files, with the locks and the shared memory that other processes see.
 * Lives in the interpreter's process; Python's `sqlite3` calls it. Calls are synchronous. None waits for a lock: a busy
 * database is an answer, and Python waits without holding up other stacks.
 */

import { createRequire } from 'node:module'
import type Sqlite from 'better-sqlite3'
import type { Database, Statement } from 'better-sqlite3'
import type { Sqlite as SqliteFunctions } from './python-border.ts'
import { textForPython } from './text-for-python.ts'

/**
 * A value of Python with its kind: `n`ull, `i`nteger, `f`loat, `s`tring, `b`ytes. Bytes are base64, and numbers that
 * JSON would change are text.
 */
type Bound = number | bigint | string | null | undefined

/** The values of a statement's parameters: first those without names in order, then one for each of the names. */
interface StatementParameters {
  readonly kinds: string
  readonly values: readonly Bound[]
  readonly names: readonly string[]
}
type Stored = number | bigint | string | Buffer | null

/** Function of Python that takes arguments as JSON and returns a kind (`e` for a failure) and a value. */
type PythonFunction = (argumentsJson: string) => readonly [string, Bound]

interface Connection {
  readonly database: Database
  /** Created on first use: preparing a statement reads the database, which may be locked. */
  figures: Statement | null
  readonly idle: Map<string, Statement[]>
}

interface Running {
  readonly connection: Connection
  readonly sql: string
  readonly statement: Statement
  readonly rows: Iterator<Stored[]>
}

let sqlite: typeof Sqlite | undefined

/** Loads SQLite when a script opens a database, because it would take 8 ms of each start. */
export function loadSqlite(): typeof Sqlite {
  sqlite ??= createRequire(import.meta.url)('better-sqlite3') as typeof Sqlite
  return sqlite
}

export function sqliteClasses(database: Database): readonly { readonly prototype: object }[] {
  const natives = Object.getOwnPropertySymbols(database).map((key) => Reflect.get(database, key) as object)
  const objects = [database, database.prepare('SELECT 1'), ...natives]
  return objects.map((each) => each.constructor as unknown as { readonly prototype: object })
}

const IDLE_STATEMENTS = 128
const FIGURES = 'SELECT last_insert_rowid(), changes(), total_changes()'

export class SqliteDatabases implements SqliteFunctions {
  readonly #setEvent: (event: number) => void
  readonly #connections = new Map<number, Connection>()
  readonly #running = new Map<number, Running>()
  readonly #backups = new Map<number, string>()
  #lastNumber = 0

  constructor(setEvent: (event: number) => void) {
    this.#setEvent = setEvent
  }

  open(path: string, isReadonly: boolean, mustExist: boolean, contents?: Uint8Array): number | string {
    try {
      const source = contents === undefined ? path : Buffer.from(contents)
      const database = new (loadSqlite())(source as string, {
        readonly: isReadonly,
        fileMustExist: mustExist,
        timeout: 0,
      })
      // Allows iterating over one statement while others run, as scripts do with several cursors.
      database.unsafeMode(true)
      database.exec('PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = ON')
      this.#connections.set(++this.#lastNumber, { database, figures: null, idle: new Map() })
      return this.#lastNumber
    } catch (error) {
      return describeError(error)
    }
  }

  close(number: number): void {
    const connection = this.#connections.get(number)
    if (connection === undefined) return
    for (const [statement, running] of this.#running) {
      if (running.connection === connection) this.finish(statement)
    }
    this.#connections.delete(number)
    connection.database.close()
  }

  in_transaction(number: number): boolean {
    return this.#connections.get(number)?.database.inTransaction ?? false
  }

  total_changes(number: number): number {
    const connection = this.#connections.get(number)
    try {
      return connection === undefined ? 0 : Number(figuresOf(connection)[2])
    } catch {
      return 0 // locked by another process before it was ever read: nothing can have been changed
    }
  }

  execute(number: number, sql: string, parametersJson: string, firstRows: number): unknown {
    try {
      const connection = this.#connection(number)
      const statement = takeStatement(connection, sql)
      const parameters = boundParameters(JSON.parse(parametersJson) as StatementParameters)
      if (!statement.reader) {
        const { changes, lastInsertRowid } = statement.safeIntegers().run(...parameters)
        keepStatement(connection, sql, statement)
        return `{"columns":null,"changes":${changes},"lastRowId":${lastInsertRowid},"isOver":true,"rows":[]}`
      }
      const rows = statement
        .raw()
        .safeIntegers()
        .iterate(...parameters) as Iterator<Stored[]>
      const running = ++this.#lastNumber
      this.#running.set(running, { connection, sql, statement, rows })
      return this.#next(running, firstRows, true)
    } catch (error) {
      return describeError(error)
    }
  }

  /** Returns the names and declared types of a query's columns as JSON; null for other statements, or the error. */
  describe(number: number, sql: string): string {
    try {
      const connection = this.#connection(number)
      const statement = takeStatement(connection, sql)
      const isQuery = statement.reader && statement.readonly
      const columns = isQuery ? statement.columns().map(({ name, type }) => [name, type]) : null
      keepStatement(connection, sql, statement)
      return JSON.stringify(columns)
    } catch (error) {
      return describeError(error)
    }
  }

  /** Runs a statement for each of the parameters. Returns JSON: number of runs, changes, and the error if any. */
  execute_many(number: number, sql: string, parametersJson: string): string {
    let count = 0
    let changes = 0
    try {
      const connection = this.#connection(number)
      const statement = takeStatement(connection, sql)
      for (const parameters of JSON.parse(parametersJson) as readonly StatementParameters[]) {
        const bound = boundParameters(parameters)
        if (statement.reader) statement.all(...bound)
        const done = statement.reader ? figuresOf(connection)[1] : statement.run(...bound).changes
        changes += Number(done)
        count += 1
      }
      keepStatement(connection, sql, statement)
      return JSON.stringify({ count, changes })
    } catch (error) {
      return JSON.stringify({ count, changes, failure: JSON.parse(describeError(error)).error })
    }
  }

  next(running: number, count: number): unknown {
    return this.#next(running, count, false)
  }

  finish(statement: number): void {
    const running = this.#running.get(statement)
    if (running === undefined) return
    this.#running.delete(statement)
    running.rows.return?.()
    keepStatement(running.connection, running.sql, running.statement)
  }

  execute_script(number: number, sql: string): string | undefined {
    try {
      this.#connection(number).database.exec(sql)
      return undefined
    } catch (error) {
      return describeError(error)
    }
  }

  create_function(number: number, name: string, count: number, isDeterministic: boolean, call: PythonFunction) {
    const answer = (...args: Stored[]) => result(call(encodeRow(args)))
    Object.defineProperty(answer, 'length', { value: Math.max(count, 0) })
    const options = { varargs: count < 0, deterministic: isDeterministic, safeIntegers: true }
    try {
      this.#connection(number).database.function(name, options, answer)
      return undefined
    } catch (error) {
      return describeError(error)
    }
  }

  /** `call` gets a step (`start`, `step`, `inverse`, `result`), the number that `start` returned, and arguments. */
  create_aggregate(
    number: number,
    name: string,
    count: number,
    isWindow: boolean,
    call: (step: string, state: number, argumentsJson: string) => readonly [string, Bound],
  ) {
    const stepping = (step: string) => {
      const take = (state: number, ...args: Stored[]) => {
        result(call(step, state, encodeRow(args)))
        return state
      }
      Object.defineProperty(take, 'length', { value: Math.max(count, 0) + 1 })
      return take
    }
    const options = {
      start: () => Number(result(call('start', 0, '[]'))),
      step: stepping('step'),
      result: (state: number) => result(call('result', state, '[]')),
      varargs: count < 0,
      safeIntegers: true,
      ...(isWindow && { inverse: stepping('inverse') }),
    }
    try {
      this.#connection(number).database.aggregate(name, options as never)
      return undefined
    } catch (error) {
      return describeError(error)
    }
  }

  serialize(number: number, schema: string): Uint8Array | string {
    try {
      const bytes = this.#connection(number).database.serialize({ attached: schema })
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    } catch (error) {
      return describeError(error)
    }
  }

  backup(event: number, number: number, path: string, schema: string, pages: number): void {
    const perTurn = pages > 0 ? pages : 0x7fffffff
    const options = { attached: schema, progress: () => perTurn } as Sqlite.BackupOptions
    const copied = this.#connection(number).database.backup(path, options)
    copied
      .then(({ totalPages }) => this.#backups.set(event, JSON.stringify({ totalPages })))
      .catch((error: unknown) => this.#backups.set(event, describeError(error)))
      .finally(() => this.#setEvent(event))
  }

  take_backup(event: number): string | undefined {
    const end = this.#backups.get(event)
    this.#backups.delete(event)
    return end
  }

  /** Ends a copy before it begins: when `event` is set, `take_backup` returns the error. */
  protected failBackup(event: number, error: string): void {
    this.#backups.set(event, error)
    setImmediate(() => this.#setEvent(event))
  }

  #connection(number: number): Connection {
    const connection = this.#connections.get(number)
    // Uncoded: becomes a ProgrammingError in Python
    if (connection === undefined) throw new Error('Cannot operate on a closed database.')
    return connection
  }

  #next(number: number, count: number, isFirst: boolean): unknown {
    const running = this.#running.get(number)
    if (running === undefined) return '{"isOver":true,"rows":[]}'
    const { connection, statement, rows } = running
    const encoded: string[] = []
    let isOver = false
    let error: string
    try {
      while (encoded.length < count && !isOver) {
        const { value, done } = rows.next()
        if (done === true) isOver = true
        else encoded.push(encodeRow(value))
      }
      // Read after the first step, where SQLite notices changes of the schema.
      const columns = isFirst ? statement.columns().map(({ name, type }) => [name, type]) : undefined
      if (isOver) this.finish(number)
      const [lastRowId, changes] = isFirst || isOver ? figuresOf(connection) : [0, 0]
      const head = JSON.stringify({ statement: number, isOver, columns })
      const figures = `"lastRowId":${lastRowId},"changes":${changes}`
      return textForPython(`${head.slice(0, -1)},${figures},"rows":[${encoded.join(',')}]}`)
    } catch (thrown) {
      this.#running.delete(number)
      error = describeError(thrown)
    }
    if (encoded.length === 0) return error
    return textForPython(`{"isOver":true,"failure":${error},"rows":[${encoded.join(',')}]}`)
  }
}

function figuresOf(connection: Connection): readonly [bigint, bigint, bigint] {
  connection.figures ??= connection.database.prepare(FIGURES).raw().safeIntegers()
  return connection.figures.get() as [bigint, bigint, bigint]
}

function takeStatement({ database, idle }: Connection, sql: string): Statement {
  const kept = idle.get(sql)
  const statement = kept?.pop()
  if (kept?.length === 0) idle.delete(sql)
  return statement ?? database.prepare(sql)
}

function keepStatement({ idle }: Connection, sql: string, statement: Statement): void {
  const kept = idle.get(sql)
  if (kept === undefined) idle.set(sql, [statement])
  else kept.push(statement)
  if (idle.size <= IDLE_STATEMENTS) return
  for (const oldest of idle.keys()) {
    idle.delete(oldest)
    return
  }
}

function boundParameters({ kinds, values, names }: StatementParameters): unknown[] {
  const unnamed = values.length - names.length
  const bound = values.map((value, index) => nativeValue(kinds.charAt(index), value))
  const positional: unknown[] = bound.slice(0, unnamed)
  if (names.length === 0) return positional
  return [...positional, Object.fromEntries(names.map((name, index) => [name, bound[unnamed + index]]))]
}

/** JavaScript has one kind of number: integers of Python are bound as BigInt, floats as numbers. */
function nativeValue(kind: string, value: Bound): unknown {
  if (kind === 'n' || value === null || value === undefined) return null
  if (kind === 'i') return BigInt(value)
  if (kind === 'f') return Number(value)
  if (kind === 'b') return Buffer.from(String(value), 'base64')
  return value
}

class FailedFunction extends Error {
  readonly code = 'SQLITE_ERROR'
}

function result([kind, value]: readonly [string, Bound]): unknown {
  if (kind === 'e') throw new FailedFunction(String(value))
  return nativeValue(kind, value)
}

/** Encodes a row as JSON that distinguishes floats from integers. Bytes are an object with base64. */
function encodeRow(row: readonly Stored[]): string {
  return `[${row.map(encodeValue).join(',')}]`
}

function encodeValue(value: Stored): string {
  if (value === null) return 'null'
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'number') return `{"b":"${value.toString('base64')}"}`
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

/** An error as JSON: Python makes the exception of it. */
function describeError(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string }
  return JSON.stringify({ error: { code: code ?? '', message: message ?? String(error) } })
}

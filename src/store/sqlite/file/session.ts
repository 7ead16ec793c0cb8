/** How the steps of the store reach SQLite: each statement runs when it is called, so no step ever pauses. */

import { InternalError } from '../../../errors.ts'
import type { Reply, RowValues, Session, Step, TextLimit, Value } from '../../session.ts'
import type { Connection, Value as SqliteValue } from './connection.ts'

export class SqliteSession implements Session {
  readonly sql: Session['sql']
  readonly newId: () => string
  readonly #connection: Connection

  constructor(connection: Connection, sql: Session['sql']) {
    this.sql = sql
    this.newId = connection.newId
    this.#connection = connection
  }

  one<Row>(statement: string, ...values: Value[]): Reply<Row | undefined> {
    return new Done(this.#connection.one<Row>(statement, ...storable(values)))
  }

  all<Row>(statement: string, ...values: Value[]): Reply<Row[]> {
    return new Done(this.#connection.all<Row>(statement, ...storable(values)))
  }

  /** Reads the rows one by one, because a few may be as large as all the others. */
  allWithin<Row>({ column, maxChars }: TextLimit, statement: string, ...values: Value[]): Reply<Row[]> {
    const rows: Row[] = []
    let chars = 0
    for (const row of this.#connection.each<Row & Record<string, unknown>>(statement, ...storable(values))) {
      chars += String(row[column]).length
      if (rows.length > 0 && chars > maxChars) break
      rows.push(row)
    }
    return new Done(rows)
  }

  run(statement: string, ...values: Value[]): Reply<number> {
    return new Done(this.#connection.run(statement, ...storable(values)))
  }

  each(statement: string, rows: readonly RowValues[], ...common: Value[]): Reply<number> {
    if (rows.length === 0) return NOTHING
    let changed = 0
    for (const row of rows) changed += this.#connection.run(statement, ...storable(withCommon(row, common)))
    return new Done(changed)
  }

  allEach<Row>(statement: string, rows: readonly RowValues[], ...common: Value[]): Reply<Row[]> {
    if (rows.length === 0) return new Done([])
    const found = rows.map((row) => this.#connection.all<Row>(statement, ...storable(withCommon(row, common))))
    const [first = []] = found
    return new Done(found.length === 1 ? first : found.flat())
  }

  eachHit(statement: string, rows: readonly RowValues[]): Reply<readonly boolean[]> {
    return new Done(rows.map((row) => this.#connection.run(statement, ...storable([...row])) > 0))
  }

  /** Other processes watch the file. */
  notifyEngines(): void {}

  notifyEnginesOf(): void {}
}

/** Runs a step to its end. */
export function finish<Result>(step: Step<Result>): Result {
  const ended = step.next()
  if (ended.done !== true) throw new InternalError('An operation on the SQLite database did not finish synchronously.')
  return ended.value
}

/** The result of a statement that has run: one object that is also the iterator and its answer. */
class Done<Result> implements Reply<Result>, Iterator<never, Result, unknown> {
  readonly done = true
  readonly value: Result

  constructor(value: Result) {
    this.value = value
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): this {
    return this
  }
}

const NOTHING = new Done(0)

function withCommon(row: RowValues, common: readonly Value[]): readonly Value[] {
  return common.length === 0 ? row : [...row, ...common]
}

/** SQLite has no booleans and no lists: statements read a list with `json_each`. Most values need no conversion. */
function storable(values: readonly Value[]): readonly SqliteValue[] {
  for (const value of values) if (isConverted(value)) return values.map(converted)
  return values as readonly SqliteValue[]
}

function isConverted(value: Value): boolean {
  return typeof value === 'boolean' || (typeof value === 'object' && value !== null)
}

function converted(value: Value): SqliteValue {
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}

/** How the steps of the store reach SQLite: each statement runs when it is called, so no step ever pauses. */

import { InternalError } from '../../../errors.ts'
import type { Liveness, Reply, RowValues, Session, Step, TextLimit, Value } from '../../store-session.ts'
import type { Connection } from './sqlite-connection.ts'

export class SqliteSession implements Session {
  readonly sql: Session['sql']
  readonly newId: () => string
  readonly liveness: Liveness
  readonly #connection: Connection

  constructor(connection: Connection, sql: Session['sql'], liveness: Liveness) {
    this.liveness = liveness
    this.sql = sql
    this.newId = connection.newId
    this.#connection = connection
  }

  one<Row>(statement: string, ...values: Value[]): Reply<Row | undefined> {
    return new Done(this.#connection.one<Row>(statement, ...values))
  }

  all<Row>(statement: string, ...values: Value[]): Reply<Row[]> {
    return new Done(this.#connection.all<Row>(statement, ...values))
  }

  /** Reads the rows one by one, because a few may be as large as all the others. */
  allWithin<Row>({ column, maxChars }: TextLimit, statement: string, ...values: Value[]): Reply<Row[]> {
    const rows: Row[] = []
    let chars = 0
    for (const row of this.#connection.each<Row & Record<string, unknown>>(statement, ...values)) {
      chars += String(row[column]).length
      if (rows.length > 0 && chars > maxChars) break
      rows.push(row)
    }
    return new Done(rows)
  }

  run(statement: string, ...values: Value[]): Reply<number> {
    return new Done(this.#connection.run(statement, ...values))
  }

  each(statement: string, rows: readonly RowValues[], ...common: Value[]): Reply<number> {
    let changed = 0
    for (const row of rows) changed += this.#connection.run(statement, ...withCommon(row, common))
    return new Done(changed)
  }

  allEach<Row>(statement: string, rows: readonly RowValues[], ...common: Value[]): Reply<Row[]> {
    const found = rows.map((row) => this.#connection.all<Row>(statement, ...withCommon(row, common)))
    const [only = []] = found
    return new Done(found.length === 1 ? only : found.flat())
  }

  eachHit(statement: string, rows: readonly RowValues[]): Reply<readonly boolean[]> {
    return new Done(rows.map((row) => this.#connection.run(statement, ...row) > 0))
  }

  notifyEngines(): void {}

  notifyEnginesOf(): void {}
}

export function runStep<Result>(step: Step<Result>): Result {
  const ended = step.next()
  if (ended.done !== true) throw new InternalError('An operation on the SQLite database did not finish synchronously.')
  return ended.value
}

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

function withCommon(row: RowValues, common: readonly Value[]): readonly Value[] {
  return common.length === 0 ? row : [...row, ...common]
}

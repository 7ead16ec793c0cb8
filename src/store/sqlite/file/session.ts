/** How the steps of the store reach SQLite: each statement runs when it is called, so no step ever pauses. */

import { InternalError } from '../../../errors.ts'
import type { Creation, Reply, RowValues, Session, Step, Value } from '../../session.ts'
import type { Connection, Value as SqliteValue } from './connection.ts'

export class SqliteSession implements Session {
  readonly connection: Connection
  readonly insertExecutions: (creations: readonly Creation[]) => void

  /** `insertExecutions`: inserts executions through the connection. */
  constructor(connection: Connection, insertExecutions: (creations: readonly Creation[]) => void) {
    this.connection = connection
    this.insertExecutions = insertExecutions
  }

  get newId(): () => string {
    return this.connection.newId
  }

  one<Row>(statement: string, ...values: Value[]): Reply<Row | undefined> {
    return new Done(this.connection.one<Row>(statement, ...storable(values)))
  }

  all<Row>(statement: string, ...values: Value[]): Reply<Row[]> {
    return new Done(this.connection.all<Row>(statement, ...storable(values)))
  }

  run(statement: string, ...values: Value[]): Reply<number> {
    return new Done(this.connection.run(statement, ...storable(values)))
  }

  each(statement: string, rows: readonly RowValues[], ...common: Value[]): Reply<number> {
    let changed = 0
    for (const row of rows) changed += this.connection.run(statement, ...storable([...row, ...common]))
    return new Done(changed)
  }

  /** Other processes watch the file. */
  notifyEngines(): void {}
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

/** SQLite has no booleans and no lists: statements read a list with `json_each`. Most values need no conversion. */
function storable(values: Value[]): SqliteValue[] {
  return values.some(isConverted) ? values.map(converted) : (values as SqliteValue[])
}

function isConverted(value: Value): boolean {
  return typeof value === 'boolean' || (typeof value === 'object' && value !== null)
}

function converted(value: Value): SqliteValue {
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}

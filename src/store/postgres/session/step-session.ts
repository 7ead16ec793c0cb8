/** How the steps of the store reach PostgreSQL: they send a statement without waiting for earlier replies. */

import type { Reply, RowValues, Step, Session as StepSession, TextLimit, Value } from '../../session.ts'
import type { Session } from './session.ts'

export class PostgresSession implements StepSession {
  readonly connection: Session
  readonly sql: StepSession['sql']
  readonly #sent: Promise<unknown>[] = []

  constructor(connection: Session, sql: StepSession['sql']) {
    this.connection = connection
    this.sql = sql
  }

  get newId(): () => string {
    return this.connection.newId
  }

  one<Row>(statement: string, ...values: Value[]): Reply<Row | undefined> {
    return this.#send(this.connection.one<Row>(statement, ...values))
  }

  all<Row>(statement: string, ...values: Value[]): Reply<Row[]> {
    return this.#send(this.connection.all<Row>(statement, ...values))
  }

  /** Counts the characters on the server, which then sends only the rows within the limit. */
  allWithin<Row>({ column, maxChars }: TextLimit, statement: string, ...values: Value[]): Reply<Row[]> {
    return this.all<Row>(within(statement, column, values.length + 1), ...values, maxChars)
  }

  run(statement: string, ...values: Value[]): Reply<number> {
    return this.#send(this.connection.run(statement, ...values))
  }

  each(statement: string, rows: readonly RowValues[], ...common: Value[]): Reply<number> {
    const changed = rows.length === 0 ? Promise.resolve(0) : this.connection.run(statement, ...columns(rows), ...common)
    return this.#send(changed)
  }

  allEach<Row>(statement: string, rows: readonly RowValues[], ...common: Value[]): Reply<Row[]> {
    const found =
      rows.length === 0 ? Promise.resolve([]) : this.connection.all<Row>(statement, ...columns(rows), ...common)
    return this.#send(found)
  }

  eachHit(statement: string, rows: readonly RowValues[]): Reply<readonly boolean[]> {
    return this.#send(this.#hits(statement, rows))
  }

  notifyEngines(): void {
    this.connection.tell()
  }

  notifyEnginesOf(executionIds: readonly string[]): void {
    this.connection.tellOfExecutions(executionIds)
  }

  /** Settles when all statements are answered. Rejects with the error of the first that failed. */
  async answered(): Promise<void> {
    await Promise.all(this.#sent)
  }

  async #hits(statement: string, rows: readonly RowValues[]): Promise<readonly boolean[]> {
    if (rows.length === 0) return []
    const hits = await this.connection.all<{ readonly n: number }>(statement, ...columns(rows))
    const numbers = new Set(hits.map(({ n }) => n))
    return rows.map((_, index) => numbers.has(index + 1))
  }

  #send<Result>(promise: Promise<Result>): Reply<Result> {
    // Its error is reported where the step waits for it, or at the end of the step.
    promise.catch(() => undefined)
    this.#sent.push(promise)
    return new Pending(promise)
  }
}

function columns(rows: readonly RowValues[]): readonly (readonly (string | number | boolean | null)[])[] {
  return (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? null))
}

function within(statement: string, column: string, limit: number): string {
  return `
SELECT * FROM (
  SELECT *, sum(length(${column})) OVER in_order AS chars, row_number() OVER in_order AS n
  FROM (${statement}) first WINDOW in_order AS (ORDER BY sequence)
) counted WHERE n = 1 OR chars <= $${limit} ORDER BY sequence`
}

/** Runs a step to its end, and waits until all its statements are answered. */
export async function carryOut<Result>(
  connection: Session,
  body: (session: StepSession) => Step<Result>,
  sql: StepSession['sql'],
): Promise<Result> {
  const session = new PostgresSession(connection, sql)
  const step = body(session)
  let paused = step.next()
  while (paused.done !== true) paused = await continued(step, paused.value)
  await session.answered()
  return paused.value
}

async function continued<Result>(
  step: Step<Result>,
  reply: Promise<unknown>,
): Promise<IteratorResult<Promise<unknown>, Result>> {
  let result: unknown
  try {
    result = await reply
  } catch (error) {
    return step.throw(error)
  }
  return step.next(result)
}

/** Hands its promise to the driver, which continues the step with the result. */
class Pending<Result> implements Reply<Result>, Iterator<Promise<Result>, Result, unknown> {
  readonly #promise: Promise<Result>
  #isSent = false

  constructor(promise: Promise<Result>) {
    this.#promise = promise
  }

  [Symbol.iterator](): this {
    return this
  }

  next(...results: [] | [unknown]): IteratorResult<Promise<Result>, Result> {
    if (this.#isSent) return { done: true, value: results[0] as Result }
    this.#isSent = true
    return { done: false, value: this.#promise }
  }

  throw(error: unknown): never {
    throw error
  }
}

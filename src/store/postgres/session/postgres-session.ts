/**
 * One connection, as the steps of the store and the work on schemas and tenants use it. Statements that are sent
 * without waiting for earlier replies travel together, because the connection is pipelined.
 */

import pg, { type Client, type ClientBase, type ClientConfig, type QueryResult } from 'pg'
import type { Reply, RowValues, Step, Session as StoreSession, TextLimit, Value } from '../../store-session.ts'
import { SQL } from '../postgres-sql.ts'
import type { PostgresAddress } from './address.ts'

const INT8 = 20
/** Numbers of rows and times in milliseconds are far below 2^53. */
const TYPES = new pg.TypeOverrides()
TYPES.setTypeParser(INT8, Number)

/** Time limit for connecting to a server that does not answer. */
const CONNECT_WITHIN_MS = 5_000

/** Whether other engines are notified of a transaction; ids: if it leaves one of these executions without an owner. */
export type Notified = 'no' | 'yes' | readonly string[]

const MAX_LOOKED_UP = 100

type Sent<Result> = Promise<Result> & Reply<Result>

/** A connection, for work on schemas and tenants. */
export class Session {
  readonly #client: ClientBase

  constructor(client: ClientBase) {
    this.#client = client
  }

  one<Row>(statement: string, ...values: Value[]): Sent<Row | undefined> {
    return sent(this.all<Row>(statement, ...values).then(([first]) => first))
  }

  all<Row>(statement: string, ...values: Value[]): Sent<Row[]> {
    return this.send(statement, values, ({ rows }) => rows as Row[])
  }

  run(statement: string, ...values: Value[]): Sent<number> {
    return this.send(statement, values, ({ rowCount }) => rowCount ?? 0)
  }

  async script(sql: string): Promise<readonly (readonly unknown[])[]> {
    const result = await this.#client.query(sql)
    return (Array.isArray(result) ? result : [result]).map(({ rows }) => rows as unknown[])
  }

  protected send<Result>(statement: string, values: Value[], read: (result: QueryResult) => Result): Sent<Result> {
    return sent(this.#client.query(statement, values.map(storable)).then(read))
  }
}

export type StepTools = Pick<StoreSession, 'liveness' | 'newId'>

export class StepSession extends Session implements StoreSession {
  readonly sql = SQL
  readonly liveness: StepTools['liveness']
  readonly newId: StepTools['newId']
  notified: Notified = 'no'
  #sent: Promise<unknown>[] = []

  constructor(client: ClientBase, { liveness, newId }: StepTools) {
    super(client)
    this.liveness = liveness
    this.newId = newId
  }

  notifyEngines(): void {
    this.notified = 'yes'
  }

  notifyEnginesOf(executionIds: readonly string[]): void {
    if (this.notified === 'yes') return
    const ids = this.notified === 'no' ? executionIds : [...this.notified, ...executionIds]
    this.notified = ids.length > MAX_LOOKED_UP ? 'yes' : ids
  }

  /** Counts the characters on the server, which then sends only the rows within the limit. */
  allWithin<Row>({ column, maxChars }: TextLimit, statement: string, ...values: Value[]): Sent<Row[]> {
    return this.all<Row>(within(statement, column, values.length + 1), ...values, maxChars)
  }

  each(statement: string, rows: readonly RowValues[], ...common: Value[]): Sent<number> {
    return rows.length === 0 ? sent(Promise.resolve(0)) : this.run(statement, ...columns(rows), ...common)
  }

  allEach<Row>(statement: string, rows: readonly RowValues[], ...common: Value[]): Sent<Row[]> {
    return rows.length === 0 ? sent(Promise.resolve([])) : this.all<Row>(statement, ...columns(rows), ...common)
  }

  eachHit(statement: string, rows: readonly RowValues[]): Sent<readonly boolean[]> {
    const hits = this.allEach<{ readonly n: number }>(statement, rows)
    return sent(
      hits.then((found) => {
        const numbers = new Set(found.map(({ n }) => n))
        return rows.map((_, index) => numbers.has(index + 1))
      }),
    )
  }

  /** Runs a step to its end. Settles when all its statements are answered. */
  async carryOut<Result>(body: (session: StoreSession) => Step<Result>): Promise<Result> {
    this.#sent = []
    try {
      return await run(body(this))
    } finally {
      // Rejects with the error of the first statement that failed: those after it fail because the transaction is over.
      await Promise.all(this.#sent)
    }
  }

  protected override send<Result>(statement: string, values: Value[], read: (result: QueryResult) => Result) {
    const reply = super.send(statement, values, read)
    this.#sent.push(reply)
    return reply
  }
}

async function run<Result>(step: Step<Result>): Promise<Result> {
  let paused = step.next()
  while (paused.done !== true) {
    paused = await paused.value.then(
      (result) => step.next(result),
      (error) => step.throw(error),
    )
  }
  return paused.value
}

function sent<Result>(promise: Promise<Result>): Sent<Result> {
  // Its error is reported where the step waits for it, or at the end of the step.
  promise.catch(() => undefined) // Ignored: the step that waits for the reply receives the error
  return Object.assign(promise, {
    *[Symbol.iterator](): Step<Result> {
      return (yield promise) as Result
    },
  })
}

function columns(rows: readonly RowValues[]): readonly RowValues[] {
  return (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? null))
}

function within(statement: string, column: string, limit: number): string {
  return `
SELECT * FROM (
  SELECT *, sum(length(${column})) OVER in_order AS chars, row_number() OVER in_order AS n
  FROM (${statement}) first WINDOW in_order AS (ORDER BY sequence)
) counted WHERE n = 1 OR chars <= $${limit} ORDER BY sequence`
}

/** Replaces U+0000, which PostgreSQL cannot store, with U+FFFD. Reasons, notes and error messages can contain it. */
function storable(value: Value): unknown {
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value
  return Array.isArray(value) ? value.map((each) => storable(each as Value)) : value
}

/** Returns the options of a connection. `pg` 8.23 sends statements without waiting if `pipeline` is set. */
export function sessionOptions({ config, driver }: PostgresAddress): ClientConfig & { readonly pipeline: boolean } {
  const options = { types: TYPES, pipeline: true, keepAlive: true, connectionTimeoutMillis: CONNECT_WITHIN_MS }
  return { ...config, ...options, ...driver?.timeouts }
}

/** Opens a connection. Calls `lost` when it is lost or ended, possibly after another connection has replaced it. */
export async function connect(address: PostgresAddress, lost: (client: Client) => void = () => {}): Promise<Client> {
  const { Client } = address.driver ?? pg
  const client = new Client(sessionOptions(address))
  client.on('error', () => lost(client))
  client.on('end', () => lost(client))
  await client.connect()
  return client
}

export const { escapeIdentifier: quoted, escapeLiteral: quotedText } = pg

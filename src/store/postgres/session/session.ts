/**
 * How steps reach the database: statements with values, on one connection, inside the transaction that a step runs in.
 * Statements that are asked for without waiting for each other travel together (the connection is pipelined).
 */

import { randomUUID } from 'node:crypto'
import pg, { type Client, type ClientBase, type ClientConfig } from 'pg'
import type { PostgresAddress } from './address.ts'

export type Value = string | number | boolean | null | readonly (string | number | boolean | null)[]

const INT8 = 20
/** What is counted here, instants in milliseconds and numbers of rows, is far below 2^53. */
const TYPES = new pg.TypeOverrides()
TYPES.setTypeParser(INT8, Number)

/** A server that does not answer is not waited for longer. */
const CONNECT_WITHIN_MS = 5_000

/** Makes the connections to a server: `pg`, unless a test stands between the store and the server. */
export interface Driver {
  readonly Client: new (config?: ClientConfig) => Client
  /** Limits, in real time, of connections and of the pool; 0 means no limit. */
  readonly timeouts?: { readonly connectionTimeoutMillis: number; readonly idleTimeoutMillis: number }
}

/** Whether others are told of a transaction; ids: if it leaves one of these executions to anybody. */
export type Telling = 'no' | 'yes' | readonly string[]

/** More are not looked at one by one. */
const MOST_ASKED_ABOUT = 100

export class Session {
  readonly newId: () => string
  readonly #client: ClientBase
  #telling: Telling = 'no'

  /** `newId`: makes a UUID for a row. */
  constructor(client: ClientBase, newId: () => string = randomUUID) {
    this.#client = client
    this.newId = newId
  }

  get telling(): Telling {
    return this.#telling
  }

  /** Others may have something to do because of this transaction. */
  tell(): void {
    this.#telling = 'yes'
  }

  /** The same, unless whoever made the executions takes them in the same transaction. */
  tellOfExecutions(ids: readonly string[]): void {
    if (this.#telling === 'yes') return
    const all = this.#telling === 'no' ? ids : [...this.#telling, ...ids]
    this.#telling = all.length > MOST_ASKED_ABOUT ? 'yes' : all
  }

  /** The first row, or undefined. */
  async one<Row>(sql: string, ...values: Value[]): Promise<Row | undefined> {
    return (await this.all<Row>(sql, ...values))[0]
  }

  async all<Row>(sql: string, ...values: Value[]): Promise<Row[]> {
    return (await this.#client.query(sql, values.map(storable))).rows as Row[]
  }

  /** How many rows it changed. */
  async run(sql: string, ...values: Value[]): Promise<number> {
    return (await this.#client.query(sql, values.map(storable))).rowCount ?? 0
  }

  /** Several statements without values. Returns the rows of each. */
  async script(sql: string): Promise<readonly (readonly unknown[])[]> {
    const result = await this.#client.query(sql)
    return (Array.isArray(result) ? result : [result]).map(({ rows }) => rows as unknown[])
  }
}

/**
 * Replaces U+0000, which PostgreSQL cannot store, with U+FFFD. Names and JSON do not contain it, but reasons, notes and
 * error messages can.
 */
function storable(value: Value): unknown {
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value
  return Array.isArray(value) ? value.map((each) => storable(each as Value)) : value
}

/** `pg` 8.23 sends what is asked without waiting for the answers before, when `pipeline` is set. */
export function sessionOptions({ config, driver }: PostgresAddress): ClientConfig & { readonly pipeline: boolean } {
  const options = { types: TYPES, pipeline: true, keepAlive: true, connectionTimeoutMillis: CONNECT_WITHIN_MS }
  return { ...config, ...options, ...driver?.timeouts }
}

/** A connection that was lost settles everything asked on it with an error; `lost` hears of it, also when it is idle, and also when it is ended from here: perhaps when another has taken its place. */
export async function connect(address: PostgresAddress, lost: (client: Client) => void = () => {}): Promise<Client> {
  const { Client } = address.driver ?? pg
  const client = new Client(sessionOptions(address))
  client.on('error', () => lost(client))
  client.on('end', () => lost(client))
  await client.connect()
  return client
}

/** For SQL text, where no value can stand: a name. */
export function quoted(name: string): string {
  return pg.escapeIdentifier(name)
}

/** The same for a text. */
export function quotedText(text: string): string {
  return pg.escapeLiteral(text)
}

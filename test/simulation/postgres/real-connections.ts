/**
 * Connections to the real server. A connection without a client is rolled back and used for another client. For other
 * sessions this is the same as the end of the connection, and it saves the start of a backend.
 */

import pg, { type Client, type ClientConfig, type Notification, type QueryArrayResult, type QueryResult } from 'pg'
import type { Value } from '../../../src/store/store-session.ts'

export type Answer = QueryResult | QueryResult[] | QueryArrayResult

export class RealConnection {
  readonly #client: Client
  readonly pid: number
  #notifications: Notification[] = []

  constructor(client: Client) {
    this.#client = client
    this.pid = (client as Client & { readonly processID: number }).processID
    client.on('notification', (notification) => this.#notifications.push(notification))
    client.on('error', () => undefined)
  }

  /** Status of the transaction: open (`T`), failed and not yet ended (`E`), or none (`I`). */
  get status(): 'I' | 'T' | 'E' {
    return (this.#client.getTransactionStatus() ?? 'I') as 'I' | 'T' | 'E'
  }

  async query(text: string, values?: readonly Value[]): Promise<Answer> {
    try {
      return await this.#client.query(text, values as unknown[] | undefined)
    } catch (error) {
      // The error arrives before the status of the transaction.
      await this.#client.query('')
      throw error
    }
  }

  /** Runs a statement that fails, so that the transaction is aborted, or rolled back if the statement is a commit. */
  async refuse(code: string, isCommit: boolean): Promise<Answer> {
    try {
      return await this.query(`DO $$ BEGIN RAISE EXCEPTION 'simulated refusal' USING ERRCODE = '${code}'; END $$`)
    } finally {
      if (isCommit) await this.#client.query('ROLLBACK')
    }
  }

  /** Returns the notifications of the commits so far, which the server sends with the next result at the latest. */
  async takeNotifications(): Promise<readonly Notification[]> {
    await this.#client.query('')
    return this.#notifications.splice(0)
  }

  /** Ends the transaction, and stops listening to all channels. */
  async reset(): Promise<void> {
    if (this.status !== 'I') await this.#client.query('ROLLBACK')
    await this.#client.query('DISCARD ALL')
    this.#notifications = []
  }

  async end(): Promise<void> {
    await this.#client.end()
  }
}

export class RealConnections {
  readonly #url: string
  readonly #all: RealConnection[] = []
  readonly #idle: RealConnection[] = []

  constructor(url: string) {
    this.#url = url
  }

  /** Returns a connection that parses values like a client. All clients of a simulation parse values alike. */
  async take({ types }: ClientConfig): Promise<RealConnection> {
    return this.#idle.pop() ?? (await this.#open({ ...(types !== undefined && { types }), pipeline: true }))
  }

  async giveBack(connection: RealConnection): Promise<void> {
    await connection.reset()
    this.#idle.push(connection)
  }

  /** Opens a connection for the simulation itself. */
  async control(): Promise<RealConnection> {
    return await this.#open({})
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((connection) => connection.end()))
  }

  async #open(config: ClientConfig & { readonly pipeline?: boolean }): Promise<RealConnection> {
    const client = new pg.Client({ connectionString: this.#url, ...config })
    await client.connect()
    const connection = new RealConnection(client)
    this.#all.push(connection)
    return connection
  }
}

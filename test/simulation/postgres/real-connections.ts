/**
 * Connections to the real server. A connection whose client is gone is rolled back and used for another client: the other sessions
 * see the same as after its end, and no backend has to be started.
 */

import pg, { type Client, type ClientConfig, type Notification, type QueryArrayResult, type QueryResult } from 'pg'
import type { Value } from '../../../src/store/session.ts'

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

  /** Whether a transaction is open (`T`), has failed and waits for its end (`E`), or neither (`I`). */
  get status(): 'I' | 'T' | 'E' {
    return (this.#client.getTransactionStatus() ?? 'I') as 'I' | 'T' | 'E'
  }

  async query(text: string, values?: readonly Value[]): Promise<Answer> {
    try {
      return await this.#client.query(text, values as unknown[] | undefined)
    } catch (error) {
      // The error comes before the status of the transaction.
      await this.#client.query('')
      throw error
    }
  }

  /** Carries out a statement that fails: the transaction is aborted as after any other error, or is over. */
  async refuse(code: string, isCommit: boolean): Promise<Answer> {
    try {
      return await this.query(`DO $$ BEGIN RAISE EXCEPTION 'simulated refusal' USING ERRCODE = '${code}'; END $$`)
    } finally {
      if (isCommit) await this.#client.query('ROLLBACK')
    }
  }

  /** Returns the notifications of the commits so far: the server sends them at the latest with the next answer. */
  async takeNotifications(): Promise<readonly Notification[]> {
    await this.#client.query('')
    return this.#notifications.splice(0)
  }

  /** Ends the transaction, and forgets what the session listens to. */
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

  /** Returns a connection that reads values as a client does. All clients of a simulation do it alike. */
  async take({ types }: ClientConfig): Promise<RealConnection> {
    return this.#idle.pop() ?? (await this.#open({ ...(types !== undefined && { types }), pipeline: true }))
  }

  async giveBack(connection: RealConnection): Promise<void> {
    await connection.reset()
    this.#idle.push(connection)
  }

  /** Opens a connection of the harness itself. */
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

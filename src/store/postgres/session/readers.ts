/** The few connections that only read. Each step reads one snapshot of the database. */

import pg, { type Pool } from 'pg'
import type { Clock } from '../../../engine/ports.ts'
import type { PostgresAddress } from './address.ts'
import { closed, isLost, isWorthRepeating, notReached, refused } from './failures.ts'
import { Session, sessionOptions } from './session.ts'
import { beginRead } from './transaction.ts'

const MOST_CONNECTIONS = 3
const REFUSED_AFTER_MS = 15_000
const PAUSE_MS = 200

export class Readers {
  readonly #address: PostgresAddress
  readonly #clock: Clock
  readonly #pool: Pool
  #isClosed = false

  constructor(address: PostgresAddress, clock: Clock) {
    this.#address = address
    this.#clock = clock
    const { Client } = address.driver ?? pg
    this.#pool = new pg.Pool({ ...sessionOptions(address), Client, max: MOST_CONNECTIONS, allowExitOnIdle: true })
    // The pool replaces a connection that is lost while it is idle.
    this.#pool.on('error', () => undefined)
    // If a connection in use is lost, its statements fail. Without a listener the process would end.
    this.#pool.on('connect', (client) => client.on('error', () => undefined))
  }

  async run<Result>(step: (session: Session) => Promise<Result>): Promise<Result> {
    const since = this.#clock.monotonic()
    for (;;) {
      if (this.#isClosed) throw closed(this.#address.shown)
      try {
        return await this.#runOnce(step)
      } catch (error) {
        const passedMs = this.#clock.monotonic() - since
        if (!isLost(error) && !isWorthRepeating(error)) throw refused(this.#address.shown, error)
        if (passedMs >= REFUSED_AFTER_MS) throw notReached(this.#address.shown, passedMs, error)
        await new Promise<void>((resolve) => void this.#clock.wakeAfter(PAUSE_MS, resolve))
      }
    }
  }

  /** Sends a notification outside of a transaction. */
  async notify(channel: string, payload: string): Promise<void> {
    await this.#pool.query('SELECT pg_catalog.pg_notify($1, $2)', [channel, payload])
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#pool.end()
  }

  async #runOnce<Result>(step: (session: Session) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect()
    const session = new Session(client)
    let lost: Error | undefined
    try {
      const begun = beginRead(session, this.#address)
      begun.catch(() => undefined)
      const result = await step(session)
      await begun
      await session.script('COMMIT')
      return result
    } catch (error) {
      await session.script('ROLLBACK').catch((failure: Error) => {
        lost = failure
      })
      throw error
    } finally {
      client.release(lost)
    }
  }
}

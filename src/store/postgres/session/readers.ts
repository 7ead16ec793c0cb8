/** The few connections that only read. Each step reads one snapshot of the database. */

import pg, { type Pool } from 'pg'
import type { Clock } from '../../../engine/clock-port.ts'
import { databaseClosedError, stepRefusedError } from '../../store-failures.ts'
import type { PostgresAddress } from './address.ts'
import { adviceFor, databaseUnreachableError, isConnectionLost, isWorthRepeating } from './postgres-failures.ts'
import { StepSession, type StepTools, sessionOptions } from './postgres-session.ts'
import { beginRead } from './transaction.ts'

const MAX_CONNECTIONS = 3
const REFUSED_AFTER_MS = 15_000
const PAUSE_MS = 200

export class Readers {
  readonly #address: PostgresAddress
  readonly #clock: Clock
  readonly #tools: StepTools
  readonly #pool: Pool
  #isClosed = false

  constructor(address: PostgresAddress, clock: Clock, tools: StepTools) {
    this.#address = address
    this.#tools = tools
    this.#clock = clock
    const { Client } = address.driver ?? pg
    this.#pool = new pg.Pool({ ...sessionOptions(address), Client, max: MAX_CONNECTIONS, allowExitOnIdle: true })
    this.#pool.on('error', () => undefined) // Ignored: the pool replaces a connection that is lost while it is idle
    // Ignored: the statements of a lost connection fail; without a listener, the process would end
    this.#pool.on('connect', (client) => client.on('error', () => undefined))
  }

  async run<Result>(step: (session: StepSession) => Promise<Result>): Promise<Result> {
    const since = this.#clock.monotonic()
    for (;;) {
      if (this.#isClosed) throw databaseClosedError(this.#address.shown)
      try {
        return await this.#runOnce(step)
      } catch (error) {
        const passedMs = this.#clock.monotonic() - since
        if (!isConnectionLost(error) && !isWorthRepeating(error))
          throw stepRefusedError(this.#address.shown, error, adviceFor)
        if (passedMs >= REFUSED_AFTER_MS) throw databaseUnreachableError(this.#address.shown, passedMs, error)
        await new Promise<void>((resolve) => void this.#clock.wakeAfter(PAUSE_MS, resolve))
      }
    }
  }

  async notify(channel: string, payload: string): Promise<void> {
    await this.#pool.query('SELECT pg_catalog.pg_notify($1, $2)', [channel, payload])
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#pool.end()
  }

  async #runOnce<Result>(step: (session: StepSession) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect()
    const session = new StepSession(client, this.#tools)
    let lost: Error | undefined
    try {
      const begun = beginRead(session, this.#address)
      begun.catch(() => undefined) // Ignored: it is awaited after the step
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

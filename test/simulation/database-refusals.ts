/** Refusals of a simulated database: statements fail as they do with a full disk or a locked file. */

import Database from 'better-sqlite3'
import type { ConnectionFaults } from '../../src/store/sqlite/file/sqlite-connection.ts'
import type { Fault } from './program.ts'

interface RefusalPorts {
  now(): number
  /** Called after a statement was refused. */
  refused(statement: string): void
  /** Called after a commit. */
  committed(): void
  kill(): void
}

export class DatabaseRefusals implements ConnectionFaults {
  readonly #ports: RefusalPorts
  readonly #refusals: {
    readonly statement: string
    readonly code: string
    readonly table: string | null
    timesLeft: number
  }[] = []
  #refusedUntil: { readonly at: number; readonly code: string } | null = null
  #isKilledByCommit = false

  constructor(ports: RefusalPorts) {
    this.#ports = ports
  }

  /** Kills the process after its next commit. */
  killAfterCommit(): void {
    this.#isKilledByCommit = true
  }

  refuse(fault: Extract<Fault, { readonly kind: 'refuse' }>): void {
    this.#refusals.push({ statement: fault.statement, code: fault.code, table: fault.table, timesLeft: fault.times })
  }

  refuseFor(code: string, forMs: number): void {
    this.#refusedUntil = { at: this.#ports.now() + forMs, code }
  }

  /** Returns whether the database refuses writes for a time, such as on a full disk. */
  get isRefusing(): boolean {
    return this.#refusedUntil !== null && this.#ports.now() < this.#refusedUntil.at
  }

  /** Ends all refusals. */
  end(): void {
    this.#refusals.length = 0
    this.#refusedUntil = null
    this.#isKilledByCommit = false
  }

  beforeBegin(): void {
    this.#refuseIfDue('begin', 'BEGIN')
  }

  beforeWrite(sql: string): void {
    this.#refuseIfDue(sql === 'COMMIT' ? 'commit' : 'write', sql)
  }

  afterCommit(): void {
    this.#ports.committed()
    if (this.#isKilledByCommit) this.#ports.kill()
  }

  #refuseIfDue(statement: 'begin' | 'write' | 'commit', sql: string): void {
    const until = this.#refusedUntil
    const isBusy = until?.code === 'SQLITE_BUSY'
    if (until !== null && this.#ports.now() < until.at && isBusy === (statement === 'begin')) throw refusal(until.code)
    const refused = this.#refusals.find(
      (each) =>
        each.statement === statement && each.timesLeft > 0 && (each.table === null || sql.includes(` ${each.table}`)),
    )
    if (refused === undefined) return
    refused.timesLeft -= 1
    this.#ports.refused(statement)
    throw refusal(refused.code)
  }
}

function refusal(code: string): Error {
  return new Database.SqliteError(`simulated ${code}`, code)
}

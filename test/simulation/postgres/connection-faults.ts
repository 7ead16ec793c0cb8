/** Faults of the connections of one process: statements that the server refuses, connections that are cut, lost answers. */

import { DatabaseError } from 'pg'
import type { Coverage } from '../coverage.ts'
import type { SeededRandom } from '../random.ts'
import type { SimulatedProcess } from '../simulated-process.ts'
import type { Statement } from './statements.ts'

export type Verdict =
  | { readonly kind: 'carryOut' }
  /** The server answers with this SQLSTATE, and does nothing. */
  | { readonly kind: 'refuse'; readonly code: string }
  /** The connection is cut before the server has the statement. */
  | { readonly kind: 'cut' }
  /** The server carries it out, and the connection is cut before the answer. */
  | { readonly kind: 'loseAnswer' }

const CARRY_OUT: Verdict = { kind: 'carryOut' }
/** Statements of write transactions up to a cut, at most. */
const MAX_STATEMENTS_TO_CUT = 12

export class ServerFaults {
  readonly #process: SimulatedProcess
  readonly #random: SeededRandom
  readonly #coverage: Coverage
  /** False when the faults have stopped. */
  readonly #isActive: () => boolean
  /** The answer of the next commit is lost, or of the next commit of a transaction that has inserted rows. */
  #losesAnswer: 'next' | 'inserted' | null = null
  #hasInserted = false
  #statementsToCut: number | null = null

  constructor(process: SimulatedProcess, random: SeededRandom, coverage: Coverage, isActive: () => boolean) {
    this.#process = process
    this.#random = random
    this.#coverage = coverage
    this.#isActive = isActive
  }

  /** Returns whether all connections are cut now; else a cut or a lost answer is due at a later statement. */
  disturb(kind: 'cutConnection' | 'loseAnswer'): boolean {
    if (kind === 'loseAnswer') this.#losesAnswer = this.#random.chance(0.3) ? 'next' : 'inserted'
    else if (this.#random.chance(0.4)) return true
    else this.#statementsToCut = this.#random.int(1, MAX_STATEMENTS_TO_CUT)
    return false
  }

  /** Error of an attempt to connect, or null. */
  connecting(): Error | null {
    if (this.#sqliteCode(() => this.#process.connectionFaults.beforeBegin()) === null) return null
    return this.#random.pick([
      systemError('connect', 'ECONNREFUSED'),
      serverError('53300', 'sorry, too many clients already'),
      serverError('57P03', 'the database system is starting up'),
    ])
  }

  /** `isWriting`: the statement is part of a transaction that may write. */
  verdict({ kind, text }: Statement, isWriting: boolean): Verdict {
    const { connectionFaults } = this.#process
    if (kind === 'begin') this.#hasInserted = false
    else if (kind === 'write' && /^\s*(INSERT|WITH)\b/.test(text)) this.#hasInserted = true
    if (kind === 'begin' && this.#sqliteCode(() => connectionFaults.beforeBegin()) !== null) return { kind: 'cut' }
    if (!isWriting) return CARRY_OUT
    if (this.#isCutNow()) return { kind: 'cut' }
    if (kind === 'write' || kind === 'commit') {
      const refused = this.#sqliteCode(() => connectionFaults.beforeWrite(kind === 'commit' ? 'COMMIT' : text))
      if (refused !== null) return { kind: 'refuse', code: this.#codeOf(refused) }
    }
    return kind === 'commit' && this.#isAnswerLost() ? { kind: 'loseAnswer' } : CARRY_OUT
  }

  /** Error that a process receives when its connection was cut. */
  cutError(): Error {
    return this.#random.pick([
      systemError('read', 'ECONNRESET'),
      new Error('Connection terminated unexpectedly'),
      serverError('57P01', 'terminating connection due to administrator command'),
    ])
  }

  /** How much later than usual an answer arrives, in milliseconds. */
  lateMs(): number {
    if (!this.#isActive() || !this.#random.chance(0.002)) return 0
    this.#coverage.fault('answer late', this.#process.spec.name)
    return this.#random.int(20, 800)
  }

  #isAnswerLost(): boolean {
    if (this.#losesAnswer === null || !this.#isActive()) return false
    if (this.#losesAnswer === 'inserted' && !this.#hasInserted) return false
    this.#losesAnswer = null
    this.#coverage.fault('answer lost', this.#process.spec.name)
    return true
  }

  #isCutNow(): boolean {
    if (this.#statementsToCut === null || !this.#isActive()) return false
    this.#statementsToCut -= 1
    if (this.#statementsToCut > 0) return false
    this.#statementsToCut = null
    this.#coverage.fault('cut in transaction', this.#process.spec.name)
    return true
  }

  /** The process refuses as SQLite does, with a code of SQLite. */
  #sqliteCode(attempt: () => void): string | null {
    try {
      attempt()
      return null
    } catch (error) {
      return (error as { readonly code: string }).code
    }
  }

  /** SQLSTATE for a code of SQLite: the disk is full, or one of the errors that only a server has. */
  #codeOf(sqliteCode: string): string {
    if (sqliteCode === 'SQLITE_FULL') return '53100'
    return this.#random.pick(['58030', '40001', '40P01', '57014', '55P03'])
  }
}

export function serverError(code: string, message: string): Error {
  return Object.assign(new DatabaseError(message, message.length, 'error'), { code, severity: 'FATAL' })
}

function systemError(call: string, code: string): Error {
  return Object.assign(new Error(`${call} ${code}`), { code, syscall: call })
}

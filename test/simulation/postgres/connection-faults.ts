/** Faults of the connections of one process: refused statements, cut connections and lost results. */

import { DatabaseError } from 'pg'
import type { Coverage } from '../coverage.ts'
import type { SeededRandom } from '../random.ts'
import type { SimulatedProcess } from '../simulated-process.ts'
import type { Statement } from './statements.ts'

export type Verdict =
  | { readonly kind: 'carryOut' }
  /** The server returns an error with this SQLSTATE, and does nothing. */
  | { readonly kind: 'refuse'; readonly code: string }
  /** The connection is cut before the server receives the statement. */
  | { readonly kind: 'cut' }
  /** The server runs the statement, and the connection is cut before the result. */
  | { readonly kind: 'loseAnswer' }

const CARRY_OUT: Verdict = { kind: 'carryOut' }
/** Maximum number of statements of write transactions before a cut. */
const MAX_STATEMENTS_TO_CUT = 12

export class ServerFaults {
  readonly #process: SimulatedProcess
  readonly #random: SeededRandom
  readonly #coverage: Coverage
  /** Returns whether faults may occur, which is false at the end of a run. */
  readonly #isActive: () => boolean
  /** Commit whose result is lost: the next commit, or the next commit of a transaction that has inserted rows. */
  #losesAnswer: 'next' | 'inserted' | null = null
  #hasInserted = false
  #statementsToCut: number | null = null

  constructor(process: SimulatedProcess, random: SeededRandom, coverage: Coverage, isActive: () => boolean) {
    this.#process = process
    this.#random = random
    this.#coverage = coverage
    this.#isActive = isActive
  }

  /** Returns whether all connections are cut now. Otherwise a later statement is cut or loses its result. */
  disturb(kind: 'cutConnection' | 'loseAnswer'): boolean {
    if (kind === 'loseAnswer') this.#losesAnswer = this.#random.chance(0.3) ? 'next' : 'inserted'
    else if (this.#random.chance(0.4)) return true
    else this.#statementsToCut = this.#random.int(1, MAX_STATEMENTS_TO_CUT)
    return false
  }

  /** Returns the error of an attempt to connect, or null. */
  connecting(): Error | null {
    if (this.#sqliteCode(() => this.#process.refusals.beforeBegin()) === null) return null
    return this.#random.pick([
      systemError('connect', 'ECONNREFUSED'),
      serverError('53300', 'sorry, too many clients already'),
      serverError('57P03', 'the database system is starting up'),
    ])
  }

  /** Returns the fate of a statement. `isWriting` states whether its transaction may write. */
  verdict({ kind, text }: Statement, isWriting: boolean): Verdict {
    const { refusals } = this.#process
    if (kind === 'begin') this.#hasInserted = false
    else if (kind === 'write' && /^\s*(INSERT|WITH)\b/.test(text)) this.#hasInserted = true
    if (kind === 'begin' && this.#sqliteCode(() => refusals.beforeBegin()) !== null) return { kind: 'cut' }
    if (!isWriting) return CARRY_OUT
    if (this.#isCutNow()) return { kind: 'cut' }
    if (kind === 'write' || kind === 'commit') {
      const refused = this.#sqliteCode(() => refusals.beforeWrite(kind === 'commit' ? 'COMMIT' : text))
      if (refused !== null) return { kind: 'refuse', code: this.#codeOf(refused) }
    }
    return kind === 'commit' && this.#isAnswerLost() ? { kind: 'loseAnswer' } : CARRY_OUT
  }

  /** Returns the error that a process receives when its connection was cut. */
  cutError(): Error {
    return this.#random.pick([
      systemError('read', 'ECONNRESET'),
      new Error('Connection terminated unexpectedly'),
      serverError('57P01', 'terminating connection due to administrator command'),
    ])
  }

  /** Returns the additional delay of a result, in milliseconds. */
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

  /** Returns the SQLite code of a refusal, or null if the attempt succeeds. */
  #sqliteCode(attempt: () => void): string | null {
    try {
      attempt()
      return null
    } catch (error) {
      return (error as { readonly code: string }).code
    }
  }

  /** Returns the SQLSTATE for a SQLite code: a full disk, or a random error that only a server has. */
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

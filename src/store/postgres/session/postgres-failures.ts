/** Errors of PostgreSQL and of the connection, as errors that a user can act on. `cause` has the original error. */

import { CloacaError, StoreError, toError } from '../../../errors.ts'
import { cannotOpenError, withoutFullStop } from '../../store-failures.ts'

/** Whether the connection was lost, or the server ends it. The outcome of its statements is not known. */
export function isConnectionLost(thrown: unknown): boolean {
  const code = failureCode(thrown)
  if (code === null)
    return thrown instanceof Error && !(thrown instanceof CloacaError) && CONNECTION_WORDS.test(thrown.message)
  return code.startsWith('08') || LOST_CODES.has(code) || SYSTEM_CODES.has(code)
}

/** Whether the transaction changed nothing and may succeed if it is repeated. */
export function isWorthRepeating(thrown: unknown): boolean {
  return ['40001', '40P01', '55P03'].includes(failureCode(thrown) ?? '')
}

export function databaseUnavailableError(shown: string, thrown: unknown): Error {
  if (thrown instanceof CloacaError) return thrown
  const cause = toError(thrown)
  const reason = withoutFullStop(cause.message === '' ? (failureCode(cause) ?? 'the connection failed') : cause.message)
  const advice = adviceFor(cause) || ' Check the server, or use another database.'
  return cannotOpenError(shown, `${reason}.${advice}`, { cause })
}

export function databaseUnreachableError(shown: string, sinceMs: number, thrown: unknown): StoreError {
  const cause = toError(thrown)
  const seconds = Math.round(sinceMs / 1000)
  const reason = withoutFullStop(cause.message)
  const message = `Database "${shown}" has been unreachable for ${seconds} s: ${reason}. cloaca keeps trying.`
  return new StoreError('DATABASE_FAILED', message, { cause })
}

export function clockSkewError(shown: string, serverAheadMs: number): string {
  const seconds = (Math.abs(serverAheadMs) / 1000).toFixed(1)
  const direction = serverAheadMs > 0 ? 'behind' : 'ahead of'
  return (
    `The clock of this machine is ${seconds} s ${direction} the clock of the database server "${shown}". ` +
    "Engines use the server's clock to decide when to take over an execution. " +
    'This engine shows the times of its own clock. Synchronize both clocks.'
  )
}

/** Returns the warning about missing parts. Rows are then stored in the default partitions, and deleted one by one. */
export function missingPartsError(shown: string, cause: Error, lacksRight: boolean): string {
  const advice = lacksRight ? ' The database user must own the tables.' : ''
  return (
    `Cannot partition the history in "${shown}" by time: ${withoutFullStop(cause.message)}.${advice} ` +
    'Until this is fixed, old records are removed row by row, which is slower.'
  )
}

/** Returns the SQLSTATE or the name of a system error, or null if there is none. */
export function failureCode(thrown: unknown): string | null {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null
}

/** The server shuts down, has crashed, or starts, or the primary has become a replica. */
const LOST_CODES: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '25006'])
const SYSTEM_CODES: ReadonlySet<string> = new Set(
  'ECONNREFUSED ECONNRESET EPIPE ENOENT ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN'.split(' '),
)

/** Errors of `pg`, which have no code. "timeout exceeded": all connections of a pool were in use, or none opened. */
const CONNECTION_WORDS = new RegExp(
  'Connection terminated|connection timeout|timeout expired|timeout exceeded when trying to connect|' +
    'Client was closed|not queryable|has encountered a connection error|Client has already been connected',
  'i',
)

export function adviceFor(cause: Error): string {
  const code = failureCode(cause) ?? ''
  return ADVICE[code] ?? ADVICE[code.slice(0, 2)] ?? ''
}

const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: ' No server listens at this address: start the server, or correct the host and the port.',
  ENOENT: ' The folder contains no socket of a server: start the server, or correct the path.',
  ENOTFOUND: ' Correct the host name.',
  '28P01': ' Correct the user or the password.',
  '28000': ' The server does not admit this user: check pg_hba.conf on the server.',
  '3F000':
    ' The schema does not exist, or the user may not use the schema: correct the name, or grant USAGE on the schema.',
  '3D000': ' Create the database, or correct its name.',
  '42501': ' The user lacks a right for this operation: grant the right, or use another user.',
  '53': ' The server ran out of disk space, memory or connections. Nothing was stored.',
  '57014': ' The statement exceeded its time limit.',
  '55P03': ' Another transaction blocks this operation: end that transaction.',
}

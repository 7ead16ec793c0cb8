/** Errors of PostgreSQL and of the connection, as errors that a user can act on. `cause` has the original error. */

import { CloacaError, StoreError, toError } from '../../../errors.ts'

/** Whether the connection was lost, or the server ends it. The outcome of its statements is not known. */
export function isLost(thrown: unknown): boolean {
  const code = codeOf(thrown)
  if (code === null)
    return thrown instanceof Error && !(thrown instanceof CloacaError) && CONNECTION_WORDS.test(thrown.message)
  return code.startsWith('08') || LOST_CODES.has(code) || SYSTEM_CODES.has(code)
}

/** Whether the transaction changed nothing and may succeed if it is repeated. */
export function isWorthRepeating(thrown: unknown): boolean {
  return ['40001', '40P01', '55P03'].includes(codeOf(thrown) ?? '')
}

/** One step failed and stored nothing. */
export function refused(shown: string, thrown: unknown): Error {
  if (thrown instanceof CloacaError) return thrown
  const cause = toError(thrown)
  const message = `Operation on database "${shown}" failed: ${withoutStop(cause.message)}.${adviceFor(cause) ?? ''}`
  return new StoreError('DATABASE_FAILED', message, { cause })
}

/** The database cannot be used at all. */
export function unavailable(shown: string, thrown: unknown): Error {
  if (thrown instanceof CloacaError) return thrown
  const cause = toError(thrown)
  const reason = withoutStop(cause.message === '' ? (codeOf(cause) ?? 'the connection failed') : cause.message)
  const advice = adviceFor(cause) ?? ' Check the server, or use another database.'
  return cannotOpen(shown, `${reason}.${advice}`, cause)
}

export function notReached(shown: string, sinceMs: number, thrown: unknown): StoreError {
  const cause = toError(thrown)
  const seconds = Math.round(sinceMs / 1000)
  const reason = withoutStop(cause.message)
  const message = `Database "${shown}" has been unreachable for ${seconds} s: ${reason}. cloaca keeps trying.`
  return new StoreError('DATABASE_FAILED', message, { cause })
}

export function closed(shown: string): StoreError {
  const message = `Database "${shown}" is closed because its runner was shut down. Open a new runner.`
  return new StoreError('DATABASE_FAILED', message)
}

export function readOnly(shown: string): StoreError {
  return new StoreError('DATABASE_FAILED', `Cannot write to database "${shown}": it was opened for reading only.`)
}

/** `reason` ends with the advice. */
export function cannotOpen(shown: string, reason: string, cause?: Error): StoreError {
  return new StoreError('DATABASE_UNAVAILABLE', `Cannot open database "${shown}": ${reason}`, { cause })
}

export function tooNew(shown: string, found: number, known: number): StoreError {
  const message =
    `Database "${shown}" was written by a newer cloaca: it has schema version ${found}, but this cloaca supports ` +
    `up to ${known}. Update cloaca, or use another schema.`
  return new StoreError('DATABASE_TOO_NEW', message)
}

export function tooOld(shown: string, found: number, known: number): StoreError {
  if (found === 0) {
    const message =
      `Database "${shown}" contains no tables of cloaca. Check its name, or create them with: ` +
      'cloaca serve SCRIPT.py --db URL'
    return new StoreError('DATABASE_UNAVAILABLE', message)
  }
  const message =
    `Database "${shown}" was written by an older cloaca: it has schema version ${found}, but this cloaca needs ` +
    `${known}. Upgrade it with: cloaca serve SCRIPT.py --db URL`
  return new StoreError('DATABASE_TOO_OLD', message)
}

export function notUpgradable(shown: string, found: number): StoreError {
  const message =
    `Database "${shown}" was written by an older cloaca: it has schema version ${found}, which this cloaca cannot ` +
    'upgrade. Use another database, or a new schema: add schema=NAME to the URL.'
  return new StoreError('DATABASE_TOO_OLD', message)
}

export function clockSkew(shown: string, serverAheadMs: number): string {
  const seconds = (Math.abs(serverAheadMs) / 1000).toFixed(1)
  const direction = serverAheadMs > 0 ? 'behind' : 'ahead of'
  return (
    `The clock of this machine is ${seconds} s ${direction} the clock of the database server "${shown}". ` +
    "Engines use the server's clock to decide when to take over an execution. " +
    'This engine shows the times of its own clock. Synchronize both clocks.'
  )
}

/** Rows are then stored in the default partitions, and deleted one by one. */
export function noParts(shown: string, cause: Error, lacksRight: boolean): string {
  const advice = lacksRight ? ' The database user must own the tables.' : ''
  return (
    `Cannot partition the history in "${shown}" by time: ${withoutStop(cause.message)}.${advice} ` +
    'Until this is fixed, old records are removed row by row, which is slower.'
  )
}

/** Returns the SQLSTATE or the name of a system error, or null if there is none. */
export function codeOf(thrown: unknown): string | null {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null
}

/** The server shuts down, has crashed, or starts, or the primary has become a replica. */
const LOST_CODES: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '25006'])
const SYSTEM_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** Errors of `pg`, which have no code. */
const CONNECTION_WORDS = new RegExp(
  'Connection terminated|connection timeout|timeout expired|Client was closed|not queryable|' +
    'has encountered a connection error|Client has already been connected',
  'i',
)

function adviceFor(cause: Error): string | undefined {
  const code = codeOf(cause) ?? ''
  return ADVICE[code] ?? ADVICE[code.slice(0, 2)]
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '')
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

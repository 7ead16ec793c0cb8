/** Errors that both databases have. `facts`: for SQLite, the path of the file. */

import { CloacaError, type CloacaErrorOptions, type ErrorFacts, StoreError, toError } from '../errors.ts'

/** `reason`: also says what to do. */
export function cannotOpenError(shown: string, reason: string, options: CloacaErrorOptions = {}): StoreError {
  return new StoreError('DATABASE_UNAVAILABLE', `Cannot open database "${shown}": ${reason}`, options)
}

/** Returns the error of a step that failed and stored nothing. `advice`: sentence after a space, or an empty text. */
export function stepRefusedError(
  shown: string,
  thrown: unknown,
  adviceFor: (cause: Error) => string,
  facts?: ErrorFacts,
): Error {
  if (thrown instanceof CloacaError) return thrown
  const cause = toError(thrown)
  const message = `Operation on database "${shown}" failed: ${withoutFullStop(cause.message)}.${adviceFor(cause)}`
  return new StoreError('DATABASE_FAILED', message, { ...facts, cause })
}

export function databaseClosedError(shown: string, facts?: ErrorFacts): StoreError {
  const message = `Database "${shown}" is closed because its runner was shut down. Open a new runner.`
  return new StoreError('DATABASE_FAILED', message, facts)
}

export function readOnlyError(shown: string, facts?: ErrorFacts): StoreError {
  const message = `Cannot write to database "${shown}": it was opened for reading only.`
  return new StoreError('DATABASE_FAILED', message, facts)
}

export function withoutFullStop(text: string): string {
  return text.replace(/\.$/, '')
}

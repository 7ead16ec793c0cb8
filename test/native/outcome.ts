/** Outcome of a call of a codec as a value, with which tests compare two codecs. */

import { UsageError } from '../../src/errors.ts'

export type CodecOutcome =
  | { readonly result: string | null }
  | { readonly code: string; readonly message: string; readonly facts: object }

/** Returns the result or the `UsageError` of a call. Other errors are thrown and fail the test. */
export function outcomeOf(call: () => string | null): CodecOutcome {
  try {
    return { result: call() }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return { code: error.code, message: error.message, facts: error.facts }
  }
}

/**
 * What a call of the codec came to, as a value that two codecs can be compared by. Used by the tests of this folder.
 */

import { UsageError } from '../../src/errors.ts'

export type CodecOutcome =
  | { readonly result: string | null }
  | { readonly code: string; readonly message: string; readonly facts: object }

/** Only refusals become values: anything else that is thrown fails the test. */
export function outcomeOf(call: () => string | null): CodecOutcome {
  try {
    return { result: call() }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return { code: error.code, message: error.message, facts: error.facts }
  }
}

/** Which part of a list is wanted. */

import type { Page } from '../../engine/ports.ts'
import { UsageError } from '../../errors.ts'
import { shownValue } from '../../model/arguments.ts'

export interface PageOptions {
  /** Default 100. */
  readonly limit?: number
  /** Default 0. */
  readonly offset?: number
}

/** Throws `INVALID_ARGUMENT`. */
export function pageOf({ limit = 100, offset = 0 }: PageOptions): Page {
  for (const [name, value] of Object.entries({ limit, offset })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      const message = `"${name}" must be a whole number, 0 or more, but ${shownValue(value)} was given.`
      throw new UsageError('INVALID_ARGUMENT', message, { path: name })
    }
  }
  return { limit, offset }
}

/** Which part of a list is wanted. */

import type { Page, PageAfter } from '../../engine/ports.ts'
import { UsageError } from '../../errors.ts'
import { shownValue, textArgument } from '../../model/arguments.ts'

export interface PageOptions {
  /** Default 100. */
  readonly limit?: number
  /** Default 0. */
  readonly offset?: number
}

/** A list that goes on behind one of its rows, however far back that is. */
export interface PageAfterOptions extends PageOptions {
  /** The id of the last one of the part before. Nothing comes behind one that does not exist. */
  readonly after?: string
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

/** Throws `INVALID_ARGUMENT`. */
export function pageAfterOf(options: PageAfterOptions): PageAfter {
  const { after } = options
  return { ...pageOf(options), ...(after !== undefined && { after: textArgument(after, 'after') }) }
}

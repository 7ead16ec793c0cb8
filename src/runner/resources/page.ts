/** Which part of a list is wanted. */

import type { Page, PageAfter } from '../../engine/ports.ts'
import { UsageError } from '../../errors.ts'
import { shownValue, textArgument } from '../../model/arguments.ts'

/** Page of a list. */
export interface PageOptions {
  /** Maximum number of rows. Default: 100. */
  readonly limit?: number
  /** Number of rows to skip. Default: 0. */
  readonly offset?: number
}

/** Page of a list that can also start after a given row. */
export interface PageAfterOptions extends PageOptions {
  /** Id of the last row of the previous page. The page is empty if no such row exists. */
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

/** Reads pages of a list whose rows are in two tables: active ones, which are few, and ended ones. Callers: steps that list. */

import type { Page } from '../../engine/ports.ts'

type Read<Row> = (page: Page) => readonly Row[]

/**
 * Returns a page in the order of `compare`, which is also the order of both reads. The rows of the ended table that are
 * certainly before the page are left to its `OFFSET`, which skips entries of an index. A statement over both tables would
 * compute each row before the page: 400 ms instead of 20 ms for the last page of 500,000 executions.
 */
export function mergedPage<Row>(
  { limit, offset }: Page,
  readActive: Read<Row>,
  readEnded: Read<Row>,
  compare: (one: Row, other: Row) => number,
): readonly Row[] {
  const active = readActive({ limit: limit + offset, offset: 0 })
  const skipped = Math.max(0, offset - active.length)
  const ended = readEnded({ limit: limit + offset - skipped, offset: skipped })
  const first = offset - skipped
  if (active.length === 0) return ended.slice(first, first + limit)
  return [...active, ...ended].sort(compare).slice(first, first + limit)
}

/**
 * Pages of lists. Lists have offsets, but clients receive cursors, because new rows move the others. A cursor has the
 * last row and its position, from which the row is searched.
 */

import { UsageError } from '../errors.ts'

export interface PageQuery {
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface PageAnswer {
  readonly items: readonly unknown[]
  /** Null if there are no further pages. */
  readonly nextCursor: string | null
}

type Fetch<Row> = (page: { readonly limit: number; readonly offset: number }) => Promise<readonly Row[]>

const SEARCHED_AT_ONCE = 1_000
/** Maximum number of rows to search. A row that moved further is considered removed. */
const MAX_SEARCHED = 20_000

export async function pageByOffset<Row>(
  { limit, cursor }: PageQuery,
  idOf: (row: Row) => string,
  record: (row: Row) => unknown,
  fetch: Fetch<Row>,
): Promise<PageAnswer> {
  const offset = cursor === undefined ? 0 : await offsetBehind(cursor, idOf, fetch)
  const rows = await fetch({ limit: limit + 1, offset })
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const hasMore = rows.length > limit && last !== undefined
  return {
    items: shown.map(record),
    nextCursor: hasMore ? encoded({ offset: offset + shown.length - 1, id: idOf(last) }) : null,
  }
}

/** Returns the page after the row with an id. */
export async function pageAfter<Row>(
  { limit, cursor }: PageQuery,
  idOf: (row: Row) => string,
  record: (row: Row) => unknown,
  fetch: (page: { readonly limit: number; readonly after?: string }) => Promise<readonly Row[]>,
): Promise<PageAnswer> {
  const rows = await fetch({ limit: limit + 1, ...(cursor !== undefined && { after: cursor }) })
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const hasMore = rows.length > limit && last !== undefined
  return { items: shown.map(record), nextCursor: hasMore ? idOf(last) : null }
}

/** Number of rows per reading if each may have megabytes, and characters after which a page ends. */
const LARGE_AT_ONCE = 20
const PAGE_CHARACTERS = 4_000_000

/** Does the same for rows that may be large, with a limit on the size of the page. */
export async function pageAfterWithin<Row>(
  { limit, cursor }: PageQuery,
  idOf: (row: Row) => string,
  record: (row: Row) => unknown,
  charactersOf: (row: Row) => number,
  fetch: (page: { readonly limit: number; readonly after?: string }) => Promise<readonly Row[]>,
): Promise<PageAnswer> {
  const shown: Row[] = []
  let after = cursor
  let characters = 0
  let hasMore = true
  while (hasMore && shown.length < limit && characters < PAGE_CHARACTERS) {
    const most = Math.min(LARGE_AT_ONCE, limit - shown.length)
    const rows = await fetch({ limit: most + 1, ...(after !== undefined && { after }) })
    for (const row of rows.slice(0, most)) {
      shown.push(row)
      characters += charactersOf(row)
    }
    hasMore = rows.length > most
    const last = shown.at(-1)
    if (last !== undefined) after = idOf(last)
  }
  return { items: shown.map(record), nextCursor: hasMore && after !== undefined ? after : null }
}

/** Returns a cursor of a number and a text. */
export function pairCursor(number: number, text: string): string {
  return Buffer.from(`${number} ${text}`).toString('base64url')
}

/** Throws `INVALID_ARGUMENT` for an unknown cursor. */
export function pairOfCursor(cursor: string): readonly [number, string] {
  const { offset, id } = decoded(cursor)
  return [offset, id]
}

interface Place {
  readonly offset: number
  readonly id: string
}

/** Returns the offset after the row of a cursor. If the row is gone, the next row has its place. */
async function offsetBehind<Row>(cursor: string, idOf: (row: Row) => string, fetch: Fetch<Row>): Promise<number> {
  const place = decoded(cursor)
  let { offset } = place
  let limit = 1
  while (offset - place.offset < MAX_SEARCHED) {
    const rows = await fetch({ limit, offset })
    const index = rows.findIndex((row) => idOf(row) === place.id)
    if (index >= 0) return offset + index + 1
    if (rows.length < limit) break
    offset += limit
    limit = SEARCHED_AT_ONCE
  }
  return place.offset
}

function encoded({ offset, id }: Place): string {
  return pairCursor(offset, id)
}

function decoded(cursor: string): Place {
  const [, offset, id] = /^(\d{1,15}) (.+)$/s.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (offset !== undefined && id !== undefined) return { offset: Number(offset), id }
  throw new UsageError(
    'INVALID_ARGUMENT',
    'The cursor is invalid. Use "nextCursor" of the previous page, or omit it to start at the beginning.',
    {
      path: 'cursor',
    },
  )
}

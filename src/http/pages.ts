/**
 * Lists in pages. What a list has by offset is given out by cursor: rows that are new since the page before push the others
 * back, so a cursor names the last row and where it stood, and it is looked for from there on.
 */

import { UsageError } from '../errors.ts'

export interface PageQuery {
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface PageAnswer {
  readonly items: readonly unknown[]
  /** Null: there are no more. */
  readonly nextCursor: string | null
}

type Fetch<Row> = (page: { readonly limit: number; readonly offset: number }) => Promise<readonly Row[]>

const SEARCHED_AT_ONCE = 1_000
/** A row that moved further than this is taken for removed. */
const SEARCHED_AT_MOST = 20_000

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

/** A page of a list that goes on behind the id of a row. */
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

/** Rows that are read at a time where each may be megabytes, and characters of a page, beyond which it ends. */
const LARGE_AT_ONCE = 20
const PAGE_CHARACTERS = 4_000_000

/** The same of rows that may be large: a page ends when it is, too. */
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

/** A cursor of two parts, of which the first is a number. */
export function pairCursor(number: number, text: string): string {
  return Buffer.from(`${number} ${text}`).toString('base64url')
}

/** Throws `INVALID_ARGUMENT` for one that was not given out. */
export function pairOfCursor(cursor: string): readonly [number, string] {
  const { offset, id } = decoded(cursor)
  return [offset, id]
}

interface Place {
  readonly offset: number
  readonly id: string
}

/** Where the list goes on behind the row of a cursor. A row that is gone has left its place to the next. */
async function offsetBehind<Row>(cursor: string, idOf: (row: Row) => string, fetch: Fetch<Row>): Promise<number> {
  const place = decoded(cursor)
  let { offset } = place
  // Most often it is where it was.
  let limit = 1
  while (offset - place.offset < SEARCHED_AT_MOST) {
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

/** Parts of statements on PostgreSQL. */

import type { Fragments } from '../../sql/fragments.ts'

export const FRAGMENTS: Fragments = {
  insertRows: (table, columns) =>
    `INSERT INTO ${table} (${namesIn(columns).join(', ')}) SELECT * FROM ${givenRows(columns)}`,
  rows: givenRows,
  updateRows: (table, columns) => {
    const changes = namesIn(columns).map((name) => `${name} = given.${name}`)
    return `
UPDATE ${table} SET ${changes.join(', ')}
FROM ${givenRows(`seq bigint, ${columns}`)} WHERE ${table}.seq = given.seq`
  },
  forRows: (columns, query) => {
    const found = query(namesIn(columns).map((name) => `given.${name}`))
    return `SELECT given.*, found.* FROM ${givenRows(columns)} CROSS JOIN LATERAL (${found}) found`
  },
  isEach: isAny,
  isIn: isAny,
  elements: (column) => `unnest(${column}) AS element (value)`,
  isAmong: (table, selection) =>
    `ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${selection} FOR UPDATE SKIP LOCKED))`,
  lock: (table) => `FOR NO KEY UPDATE OF ${table}`,
  skipLocked: 'FOR UPDATE SKIP LOCKED',
}

function givenRows(columns: string): string {
  return `unnest(${arraysOf(columns)}) AS given (${namesIn(columns).join(', ')})`
}

/** A table as of `rows`, with the number `n` of each row, from 1. */
export function numberedRows(columns: string): string {
  return `unnest(${arraysOf(columns)}) WITH ORDINALITY AS given (${namesIn(columns).join(', ')}, n)`
}

function isAny(column: string, list: string, type: string): string {
  return `${column} = ANY (${list}::${type}[])`
}

export function namesIn(columns: string): readonly string[] {
  return columns.split(', ').map((column) => column.split(' ')[0] ?? '')
}

/** Returns the SQL of the arrays that `each` sends, one for each column. */
function arraysOf(columns: string): string {
  const arrays = columns.split(', ').map((column, index) => `$${index + 1}::${column.split(' ')[1]}[]`)
  return arrays.join(', ')
}

/** The server's clock in epoch milliseconds, unless value `n` replaces it. */
export const SERVER_NOW = (n: number) =>
  `coalesce($${n}::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)`

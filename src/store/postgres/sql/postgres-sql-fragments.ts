/** Parts of statements on PostgreSQL. */

import { columnNames, type Fragments } from '../../sql/sql-fragments.ts'

export const FRAGMENTS: Fragments = {
  insertRows: (table, columns) =>
    `INSERT INTO ${table} (${columnNames(columns).join(', ')}) SELECT * FROM ${givenRows(columns)}`,
  rows: givenRows,
  updateRows: (table, columns) => {
    const changes = columnNames(columns).map((name) => `${name} = given.${name}`)
    return `
UPDATE ${table} SET ${changes.join(', ')}
FROM ${givenRows(`seq bigint, ${columns}`)} WHERE ${table}.seq = given.seq`
  },
  updateHits: (table, columns, changes, condition) => {
    const given = (column: string) => `given.${column}`
    return `
UPDATE ${table} SET ${changes(given)} FROM ${numberedRows(columns)} WHERE ${condition(given)} RETURNING given.n`
  },
  forRows: (columns, query) => {
    const found = query(columnNames(columns).map((name) => `given.${name}`))
    return `SELECT given.*, found.* FROM ${givenRows(columns)} CROSS JOIN LATERAL (${found}) found`
  },
  isEach: isAny,
  isIn: isAny,
  elements: (column) => `unnest(${column}) AS element (value)`,
  isAmong: (table, selection) =>
    `ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${selection} FOR UPDATE SKIP LOCKED))`,
  asciiLower: (text) => `lower(${text} COLLATE "C")`,
  lock: (table) => `FOR NO KEY UPDATE OF ${table}`,
  skipLocked: 'FOR UPDATE SKIP LOCKED',
}

function givenRows(columns: string): string {
  return `unnest(${arraysOf(columns)}) AS given (${columnNames(columns).join(', ')})`
}

/** A table as of `rows`, with the number `n` of each row, from 1. */
export function numberedRows(columns: string): string {
  return `unnest(${arraysOf(columns)}) WITH ORDINALITY AS given (${columnNames(columns).join(', ')}, n)`
}

function isAny(column: string, list: string, type: string): string {
  return `${column} = ANY (${list}::${type}[])`
}

function arraysOf(columns: string): string {
  const arrays = columns.split(', ').map((column, index) => `$${index + 1}::${column.split(' ')[1]}[]`)
  return arrays.join(', ')
}

/** The server's clock in epoch milliseconds, unless value `n` replaces it. */
export const SERVER_NOW = (n: number) =>
  `coalesce($${n}::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)`

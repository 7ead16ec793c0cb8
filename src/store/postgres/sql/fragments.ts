/** Parts of statements on PostgreSQL. */

import type { Fragments } from '../../sql/fragments.ts'

export const FRAGMENTS: Fragments = {
  insertRows: (table, columns) => {
    const { names, arrays } = parsed(columns, 1)
    return `INSERT INTO ${table} (${names.join(', ')}) SELECT * FROM unnest(${arrays.join(', ')})`
  },
  rows: (columns) => {
    const { names, arrays } = parsed(columns, 1)
    return `unnest(${arrays.join(', ')}) AS given (${names.join(', ')})`
  },
  updateRows: (table, columns) => {
    const { names, arrays } = parsed(columns, 2)
    const changes = names.map((name) => `${name} = g.${name}`)
    return `
UPDATE ${table} SET ${changes.join(', ')}
FROM unnest($1::bigint[], ${arrays.join(', ')}) AS g (seq, ${names.join(', ')}) WHERE ${table}.seq = g.seq`
  },
  forRows: (columns, query) => {
    const { names, arrays } = parsed(columns, 1)
    const found = `CROSS JOIN LATERAL (${query(names.map((name) => `g.${name}`))}) found`
    return `SELECT g.*, found.* FROM unnest(${arrays.join(', ')}) AS g (${names.join(', ')}) ${found}`
  },
  isEach: isAny,
  isIn: isAny,
  elements: (column) => `unnest(${column}) AS element (value)`,
  isAmong: (table, selection) =>
    `ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${selection} FOR UPDATE SKIP LOCKED))`,
  lock: (table) => `FOR NO KEY UPDATE OF ${table}`,
  skipLocked: 'FOR UPDATE SKIP LOCKED',
}

/** A table as of `rows`, with the number `n` of each row, from 1. */
export function numberedRows(columns: string): string {
  const { names, arrays } = parsed(columns, 1)
  return `unnest(${arrays.join(', ')}) WITH ORDINALITY AS given (${names.join(', ')}, n)`
}

function isAny(column: string, list: string, type: string): string {
  return `${column} = ANY (${list}::${type}[])`
}

/** `first`: the number of the first array. */
export function parsed(columns: string, first: number): { readonly names: string[]; readonly arrays: string[] } {
  const pairs = columns.split(', ').map((column) => column.split(' '))
  return {
    names: pairs.map(([name = '']) => name),
    arrays: pairs.map(([, type], index) => `$${first + index}::${type}[]`),
  }
}

/** The server's clock in epoch milliseconds, unless value `n` replaces it. */
export const SERVER_NOW = (n: number) =>
  `coalesce($${n}::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)`

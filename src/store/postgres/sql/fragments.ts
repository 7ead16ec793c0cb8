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
  isEach: isAny,
  isIn: isAny,
  elements: (column) => `unnest(${column}) AS element (value)`,
  lock: (table) => `FOR NO KEY UPDATE OF ${table}`,
  lockFree: 'FOR UPDATE SKIP LOCKED',
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

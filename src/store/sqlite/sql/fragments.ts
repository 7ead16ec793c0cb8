/** Parts of statements on SQLite. A step is the only writer, so it needs no locks. */

import type { Fragments } from '../../sql/fragments.ts'

export const FRAGMENTS: Fragments = {
  insertRows: (table, columns) => {
    const values = namesOf(columns).map((_, index) => `$${index + 1}`)
    return `INSERT INTO ${table} (${namesOf(columns).join(', ')}) VALUES (${values.join(', ')})`
  },
  rows: (columns) => {
    const values = namesOf(columns).map((name, index) => `$${index + 1} AS ${name}`)
    return `(SELECT ${values.join(', ')}) given`
  },
  updateRows: (table, columns) => {
    const changes = namesOf(columns).map((name, index) => `${name} = $${index + 2}`)
    return `UPDATE ${table} SET ${changes.join(', ')} WHERE seq = $1`
  },
  forRows: (columns, query) => {
    const names = namesOf(columns)
    const row = names.map((name, index) => `$${index + 1} AS ${name}`)
    return `SELECT ${row.join(', ')}, found.* FROM (${query(names.map((_, index) => `$${index + 1}`))}) found`
  },
  isEach: (column, value) => `${column} = ${value}`,
  isIn: (column, list) => `${column} IN (SELECT value FROM json_each(${list}))`,
  elements: (column) => `json_each(${column}) element`,
  isAmong: (table, selection) => `rowid IN (SELECT rowid FROM ${table} WHERE ${selection})`,
  lock: () => '',
  skipLocked: '',
}

/** Returns the names of `columns`, which have types. */
export function namesOf(columns: string): readonly string[] {
  return columns.split(', ').map((column) => column.split(' ')[0] ?? '')
}

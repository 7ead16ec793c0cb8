/** Parts of statements on SQLite. A step is the only writer, so it needs no locks. */

import { columnNames, type Fragments } from '../../sql/sql-fragments.ts'

export const FRAGMENTS: Fragments = {
  insertRows: (table, columns) => {
    const values = columnNames(columns).map((_, index) => `$${index + 1}`)
    return `INSERT INTO ${table} (${columnNames(columns).join(', ')}) VALUES (${values.join(', ')})`
  },
  rows: (columns) => {
    const values = columnNames(columns).map((name, index) => `$${index + 1} AS ${name}`)
    return `(SELECT ${values.join(', ')}) given`
  },
  updateRows: (table, columns) => {
    const changes = columnNames(columns).map((name, index) => `${name} = $${index + 2}`)
    return `UPDATE ${table} SET ${changes.join(', ')} WHERE seq = $1`
  },
  updateHits: (table, columns, changes, condition) => {
    const names = columnNames(columns)
    const given = (column: string) => `$${names.indexOf(column) + 1}`
    return `UPDATE ${table} SET ${changes(given)} WHERE ${condition(given)}`
  },
  forRows: (columns, query) => {
    const names = columnNames(columns)
    const row = names.map((name, index) => `$${index + 1} AS ${name}`)
    // Columns of the query itself: with another query around it, each row takes 3 µs more.
    return query(names.map((_, index) => `$${index + 1}`)).replace(/^\s*SELECT/, `SELECT ${row.join(', ')},`)
  },
  isEach: (column, value) => `${column} = ${value}`,
  isIn: (column, list) => `${column} IN (SELECT value FROM json_each(${list}))`,
  elements: (column) => `json_each(${column}) element`,
  isAmong: (table, selection) => `rowid IN (SELECT rowid FROM ${table} WHERE ${selection})`,
  asciiLower: (text) => `lower(${text})`,
  lock: () => '',
  skipLocked: '',
}

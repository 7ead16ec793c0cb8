/**
 * Parts of statements that differ between the databases. `columns` are names and types of PostgreSQL, as in
 * `seq bigint, value text`. In a statement of `each` and `allEach`, `$1` to `$n` are the values of a row on SQLite, and
 * arrays with the values of all rows on PostgreSQL.
 */
export interface Fragments {
  insertRows(table: string, columns: string): string
  /** A table `given` with the rows of `each`. */
  rows(columns: string): string
  /** Updates, for each row of `each`, the row of the table whose `seq` is its first value. */
  updateRows(table: string, columns: string): string
  /** For `eachHit`: updates, for each row, the row of the table that meets a condition. */
  updateHits(
    table: string,
    columns: string,
    changes: (given: (column: string) => string) => string,
    condition: (given: (column: string) => string) => string,
  ): string
  /** Runs a query for each row of `allEach`, and returns the columns of the row with those of the query. */
  forRows(columns: string, query: (values: readonly string[]) => string): string
  /** Condition: a column has the value of a row of `each`. */
  isEach(column: string, value: string, type: string): string
  /** Condition: a column is in a list, which is one value. */
  isIn(column: string, list: string, type: string): string
  /** Condition: the row is one of the selected rows of a table or partition that no other transaction has locked. */
  isAmong(table: string, selection: string): string
  /** A table `element` with the column `value`: the elements of a list that is stored in a column. */
  elements(column: string): string
  /** A text with the ASCII letters in lower case, compared and sorted by code points. */
  asciiLower(text: string): string
  /** Locks the selected rows of a table until the commit. */
  lock(table: string): string
  /** Locks the selected rows until the commit, and leaves out rows that another transaction has locked. */
  readonly skipLocked: string
}

export function columnNames(columns: string): readonly string[] {
  return columns.split(', ').map((column) => column.split(' ')[0] ?? '')
}

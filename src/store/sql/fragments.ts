/** Parts of statements that differ between the databases. Types are those of PostgreSQL. */
export interface Fragments {
  /** Condition: a column is in a list, which is one value. */
  isIn(column: string, list: string, type: string): string
  /** A table `element` with the column `value`: the elements of a list that is stored in a column. */
  elements(column: string): string
}

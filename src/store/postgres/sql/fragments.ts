/** Parts of statements for PostgreSQL. A list is an array. */

import type { Fragments } from '../../sql/fragments.ts'

export const FRAGMENTS: Fragments = {
  isIn: (column, list, type) => `${column} = ANY (${list}::${type}[])`,
  elements: (column) => `unnest(${column}) AS element (value)`,
}

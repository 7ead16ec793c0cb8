/** Parts of statements for SQLite. A list is the text of a JSON array. */

import type { Fragments } from '../../sql/fragments.ts'

export const FRAGMENTS: Fragments = {
  isIn: (column, list) => `${column} IN (SELECT value FROM json_each(${list}))`,
  elements: (column) => `json_each(${column}) AS element`,
}

/**
 * Compares the tables of a database that is being opened with the tables that the migrations create, in addition to the
 * version number. An error names the missing parts. Parts that a user added are accepted.
 */

import { StoreError } from '../../../errors.ts'
import type { Connection } from '../file/connection.ts'

/** Names as a message shows them: `table "x"`, `column "x.y"`, `index "z"`. */
export type SchemaParts = ReadonlySet<string>

const LIST_PARTS = `
SELECT 'table "' || name || '"' AS part FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
UNION ALL
SELECT 'column "' || s.name || '.' || c.name || '"'
FROM sqlite_schema s, pragma_table_xinfo(s.name) c WHERE s.type = 'table'
UNION ALL
SELECT 'index "' || name || '"' FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`

export function schemaParts(connection: Connection): SchemaParts {
  return new Set(connection.all<{ readonly part: string }>(LIST_PARTS).map(({ part }) => part))
}

/** Throws `DATABASE_UNAVAILABLE` if parts are missing. A missing table stands for its columns. */
export function assertComplete(connection: Connection, needed: SchemaParts): void {
  const found = schemaParts(connection)
  const isOfMissingTable = (part: string) => {
    const table = /^column "([^.]*)\./.exec(part)?.[1]
    return table !== undefined && !found.has(`table "${table}"`)
  }
  const missing = [...needed].filter((part) => !found.has(part) && !isOfMissingTable(part))
  if (missing.length === 0) return
  const { path } = connection
  const message =
    `Database "${path}" is incomplete: it lacks the ${missing.join(', the ')}. Another program has changed it. ` +
    'Restore a copy, or move the file away to start with an empty database.'
  throw new StoreError('DATABASE_UNAVAILABLE', message, { path })
}

/** Throws `DATABASE_UNAVAILABLE` if a database without tables of cloaca has tables with their names. */
export function assertOurs(connection: Connection, ours: SchemaParts): void {
  const taken = [...schemaParts(connection)].filter((part) => part.startsWith('table ') && ours.has(part))
  if (taken.length === 0) return
  const { path } = connection
  const message =
    `Database "${path}" belongs to another program: it has a ${taken.join(' and a ')}, but cloaca needs these names. ` +
    'Use another file for cloaca.'
  throw new StoreError('DATABASE_UNAVAILABLE', message, { path })
}

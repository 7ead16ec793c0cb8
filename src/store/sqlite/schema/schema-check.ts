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
SELECT 'column "' || s.name || '.' || c.name || '"' FROM sqlite_schema s, pragma_table_xinfo(s.name) c WHERE s.type = 'table'
UNION ALL
SELECT 'index "' || name || '"' FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`

interface PartRecord {
  readonly part: string
}

export function schemaParts(connection: Connection): SchemaParts {
  return new Set(connection.all<PartRecord>(LIST_PARTS).map(({ part }) => part))
}

/** Throws `DATABASE_UNAVAILABLE` with all that is missing. */
export function assertComplete(connection: Connection, needed: SchemaParts): void {
  const found = schemaParts(connection)
  const missing = [...needed].filter((part) => !found.has(part) && !isOfMissingTable(part, found))
  if (missing.length === 0) return
  const { path } = connection
  const message =
    `Database "${path}" is incomplete: it lacks the ${missing.join(', the ')}. Another program has changed it. ` +
    'Restore a copy, or move the file away to start with an empty database.'
  throw new StoreError('DATABASE_UNAVAILABLE', message, { path })
}

/** Throws `DATABASE_UNAVAILABLE` when tables of our names are there: to be called where cloaca has made none yet. */
export function assertOurs(connection: Connection, ours: SchemaParts): void {
  const taken = [...schemaParts(connection)].filter((part) => part.startsWith('table ') && ours.has(part))
  if (taken.length === 0) return
  const { path } = connection
  const message =
    `Database "${path}" belongs to another program: it has a ${taken.join(' and a ')}, but cloaca needs these names. ` +
    'Use another file for cloaca.'
  throw new StoreError('DATABASE_UNAVAILABLE', message, { path })
}

/** The table's own line says enough. */
function isOfMissingTable(part: string, found: SchemaParts): boolean {
  const table = /^column "([^.]*)\./.exec(part)?.[1]
  return table !== undefined && !found.has(`table "${table}"`)
}

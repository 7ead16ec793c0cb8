/** The database that the options and environment variables of a runner name, and its durability. */

import { realpathSync } from 'node:fs'
import type { DatabasePlace } from '../../database/database-place.ts'
import { schemaNameProblem } from '../../database/names.ts'
import { maskedUrl } from '../../database/shown-url.ts'
import { isPostgresUrl, MEMORY_PATH, parseDatabaseUrl } from '../../database/url.ts'
import { UsageError } from '../../errors.ts'
import { SETTINGS } from '../../settings/settings-table.ts'

/** Durability of the database; see `RunnerOptions.durability`. */
export type Durability = 'full' | 'normal'

/** @internal */
export function defaultDurability(): Durability {
  const wanted = process.env.CLOACA_DURABILITY || SETTINGS.durability.default
  if (wanted === 'full' || wanted === 'normal') return wanted
  throw new UsageError('INVALID_ARGUMENT', `CLOACA_DURABILITY must be "full" or "normal", but it is "${wanted}".`)
}

function defaultDatabaseUrl(): string {
  return process.env.CLOACA_DATABASE_URL || SETTINGS.database.default
}

/**
 * Returns the database that the options of a runner name. Throws `INVALID_ARGUMENT` for an impossible schema.
 * @internal
 */
export function databasePlace({ database, schema }: { database?: string; schema?: string | null }): DatabasePlace {
  // `CLOACA_SCHEMA` is ignored if the options name a database, since it may belong to another one.
  const ofEnvironment = database === undefined ? process.env[SETTINGS.schema.variable] || null : null
  const place = { url: database ?? defaultDatabaseUrl(), schema: schema === undefined ? ofEnvironment : schema }
  if (place.schema === null) return Object.freeze(place)
  const problem = isPostgresUrl(place.url)
    ? schemaNameProblem(place.schema)
    : `"${place.schema}" needs PostgreSQL, but the database is "${maskedUrl(place.url)}". On SQLite, use a ` +
      `separate file for each tenant`
  if (problem === null) return Object.freeze(place)
  throw new UsageError('INVALID_ARGUMENT', `Cannot use the schema: ${problem}.`, {
    path: 'schema',
    reason: problem,
  })
}

/** Returns the file path of a database URL, or null if it has no file. Throws `INVALID_DATABASE_URL`. */
export function databaseFile(databaseUrl = defaultDatabaseUrl()): string | null {
  const location = parseDatabaseUrl(databaseUrl)
  if (location.kind === 'postgres') return null
  return location.path === MEMORY_PATH || location.path.startsWith('file:') ? null : location.path
}

/** Returns whether two places are the same file, or the same schema of a server. */
export function isSameDatabase(one: DatabasePlace, other: DatabasePlace): boolean {
  const [first, second] = [one, other].map(identityOfDatabase)
  return typeof first === 'string' && first === second
}

/** Returns a text that is equal for all names of one database. Null if in memory, or if opening the URL will fail. */
function identityOfDatabase({ url, schema }: DatabasePlace): string | null {
  if (isPostgresUrl(url)) {
    const [place = '', query = ''] = url.split('?', 2)
    const parameters = new URLSearchParams(query)
    const named = schema ?? parameters.get('schema')
    parameters.delete('schema')
    parameters.sort()
    return JSON.stringify([place.replace(/^postgres:/i, 'postgresql:'), String(parameters), named])
  }
  try {
    const file = databaseFile(url)
    return file && realpathSync(file)
  } catch {
    return null
  }
}

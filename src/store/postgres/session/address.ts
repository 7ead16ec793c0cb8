/**
 * The database that a PostgreSQL URL names, for `pg` and for messages, which do not contain the password. The URL is
 * parsed by pg-connection-string, as `pg` does it, so that `sslmode` and `?host=/run/postgresql` work as there.
 */

import type { ClientConfig } from 'pg'
import { parseIntoClientConfig } from 'pg-connection-string'
import { shownUrl } from '../../../database/shown-url.ts'
import { UsageError } from '../../../errors.ts'
import type { Driver, Session } from './session.ts'

/** Place of the statements of a transaction. */
export interface Place {
  /** Schema of the tables. */
  readonly schema: string
  /** Role that the user takes on, or null for the user's own. */
  readonly role: string | null
}

export interface PostgresAddress extends Place {
  readonly config: ClientConfig
  /** For messages: without the password. */
  readonly shown: string
  /** `pg` by default. */
  readonly driver?: Driver | undefined
}

/** Without a schema, the `schema` of the URL applies, or the search path of the user. Throws `INVALID_DATABASE_URL`. */
export function postgresAddress(url: string, schema: string | null = null, driver?: Driver): PostgresAddress {
  const { schema: fromUrl = '', ...config } = parsed(url)
  const application_name = config.application_name ?? 'cloaca'
  const shown = shownUrl(url)
  return { config: { ...config, application_name }, schema: schema ?? fromUrl, role: null, shown, driver }
}

/** Returns the address, with the first schema of the user's search path if it names none. */
export async function withOwnSchema(session: Session, address: PostgresAddress): Promise<PostgresAddress> {
  if (address.schema !== '') return address
  const row = await session.one<{ readonly name: string | null }>('SELECT pg_catalog.current_schema() AS name')
  return { ...address, schema: row?.name ?? '' }
}

function parsed(url: string): ClientConfig & { readonly schema?: string } {
  try {
    return parseIntoClientConfig(url)
  } catch (error) {
    // The error of the parser may contain the password. A certificate file that cannot be read is named.
    const reason = error instanceof Error && 'syscall' in error ? error.message : 'it cannot be parsed'
    const message =
      `Invalid database URL "${shownUrl(url)}": ${reason}. Use the form postgresql://USER:PASSWORD@HOST/DATABASE, ` +
      'and percent-encode characters such as "/", "#", "?" and "%" in the user and the password.'
    throw new UsageError('INVALID_DATABASE_URL', message)
  }
}

/**
 * What a PostgreSQL URL names, as `pg` takes it, and as people may see it: its password appears nowhere. Parsed by
 * pg-connection-string, which `pg` uses itself, so that `sslmode`, sockets (`?host=/run/postgresql`) and all else mean what they mean
 * there.
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

/** `schema` null: what the URL's `schema` says, else the user's own search path decides. Throws `INVALID_DATABASE_URL`. */
export function postgresAddress(url: string, schema: string | null = null, driver?: Driver): PostgresAddress {
  const { schema: fromUrl, ...config } = parsed(url)
  const named = schema ?? fromUrl ?? ''
  return {
    config: { ...config, application_name: config.application_name ?? 'cloaca' },
    schema: named,
    role: null,
    shown: shownUrl(url),
    driver,
  }
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
    // What `URL` throws may have the whole text in it: it goes no further.
    const shown = shownUrl(url)
    const message =
      `Invalid database URL "${shown}": ${reasonOf(error)}. Use the form postgresql://USER:PASSWORD@HOST/DATABASE, ` +
      'and percent-encode characters such as "/", "#", "?" and "%" in the user and the password.'
    throw new UsageError('INVALID_DATABASE_URL', message)
  }
}

/** The file of a certificate that is not there is worth a name. */
function reasonOf(error: unknown): string {
  const isOfFile = error instanceof Error && 'syscall' in error
  return isOfFile ? error.message : 'it cannot be parsed'
}

/**
 * The database that a PostgreSQL URL names, for `pg` and for messages, which do not contain the password. The URL is
 * parsed by pg-connection-string, as `pg` does it, so that `sslmode` and `?host=/run/postgresql` work as there.
 */

import type { Client, ClientConfig } from 'pg'
import { parseIntoClientConfig } from 'pg-connection-string'
import { maskedUrl } from '../../../database/shown-url.ts'
import { UsageError } from '../../../errors.ts'

/** Opens the connections to a server: `pg`, unless a test is between the store and the server. */
export interface Driver {
  readonly Client: new (config?: ClientConfig) => Client
  /** Limits, in real time, of connections and of the pool; 0 means no limit. */
  readonly timeouts?: { readonly connectionTimeoutMillis: number; readonly idleTimeoutMillis: number }
}

export interface SchemaPlace {
  readonly schema: string
  readonly role: string | null
}

export interface PostgresAddress extends SchemaPlace {
  readonly config: ClientConfig
  /** For messages: without the password. */
  readonly shown: string
  readonly driver?: Driver | undefined
}

/** Without a schema, the `schema` of the URL applies, or the search path of the user. Throws `INVALID_DATABASE_URL`. */
export function postgresAddress(url: string, schema: string | null = null, driver?: Driver): PostgresAddress {
  const { schema: fromUrl = '', ...config } = parsed(url)
  const application_name = config.application_name ?? 'cloaca'
  const shown = maskedUrl(url)
  return { config: { ...config, application_name }, schema: schema ?? fromUrl, role: null, shown, driver }
}

function parsed(url: string): ClientConfig & { readonly schema?: string } {
  try {
    return parseIntoClientConfig(url)
  } catch (error) {
    // The error of the parser may contain the password. A certificate file that cannot be read is named.
    const reason = error instanceof Error && 'syscall' in error ? error.message : 'it cannot be parsed'
    const message =
      `Invalid database URL "${maskedUrl(url)}": ${reason}. Use the form postgresql://USER:PASSWORD@HOST/DATABASE, ` +
      'and percent-encode characters such as "/", "#", "?" and "%" in the user and the password.'
    throw new UsageError('INVALID_DATABASE_URL', message)
  }
}

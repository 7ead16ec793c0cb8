/**
 * What a PostgreSQL URL names, as `pg` takes it, and as people may see it: its password appears nowhere. Parsed by
 * pg-connection-string, which `pg` uses itself, so that `sslmode`, sockets (`?host=/run/postgresql`) and all else mean what they mean
 * there.
 */

import { createHash } from 'node:crypto'
import type { ClientConfig } from 'pg'
import { parseIntoClientConfig } from 'pg-connection-string'

export interface PostgresAddress {
  readonly config: ClientConfig
  /** Tables are in this schema of it. */
  readonly schema: string
  /** For messages: without the password. */
  readonly shown: string
  /** The channel on which changes are told. Names of any length are hashed to one that PostgreSQL takes. */
  readonly channel: string
}

/** `schema` null: what the URL's `schema` says, else the user's own search path decides. Throws for what cannot be read. */
export function postgresAddress(url: string, schema: string | null = null): PostgresAddress {
  const { schema: fromUrl, ...config } = parseIntoClientConfig(url) as ClientConfig & { readonly schema?: string }
  const named = schema ?? fromUrl ?? ''
  return {
    config: { ...config, application_name: config.application_name ?? 'cloaca' },
    schema: named,
    shown: shownUrl(url),
    channel: channelOf(named),
  }
}

export function channelOf(schema: string): string {
  return `cloaca_${createHash('sha256').update(schema).digest('hex').slice(0, 16)}`
}

/** The URL without its password, wherever it stands in it. */
export function shownUrl(url: string): string {
  return url
    .replace(/^([a-z]+:\/\/[^/?#]*?):[^/?#]*@/i, '$1:…@')
    .replace(/([?&](?:password|sslpassword)=)[^&]*/gi, '$1…')
}

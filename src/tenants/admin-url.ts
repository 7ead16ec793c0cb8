/** Parses the URL of an administrator of tenants without `pg`, which the first operation loads. */

import type { ClientConfig } from 'pg'
import { maskedUrl } from '../database/shown-url.ts'
import { UsageError } from '../errors.ts'

export interface AdminUrl {
  /** For messages: without the password. */
  readonly shown: string
  readonly config: ClientConfig
  readonly database: string
  readonly place: string
}

const DEFAULT_PORT = 5432
/** Replaces a missing host, since a URL with a user must have one. */
const NO_HOST = 'no-host.invalid'

/**
 * Drops the parameters after "?". If the URL names no user or password, `pg` reads `PGUSER`, `PGPASSWORD` and
 * `PGPASSFILE`. Throws `INVALID_DATABASE_URL`.
 */
export function adminUrl(text: string): AdminUrl {
  if (!/^postgres(ql)?:\/\//i.test(text)) throw invalid(text, 'DatabaseAdmin requires a PostgreSQL connection')
  try {
    const [beforeQuery = ''] = text.split('?', 1)
    const url = new URL(beforeQuery.replace(/^[a-z]+:\/\/([^/]*@)?(?=[/:]|$)/i, `postgresql://$1${NO_HOST}`))
    const name = url.pathname.replace(/^\//, '')
    if (name === '') throw invalid(text, 'Database name is required in URL path')
    const hostname = url.hostname === NO_HOST ? 'localhost' : url.hostname
    const port = url.port === '' ? DEFAULT_PORT : Number(url.port)
    const database = decodeURIComponent(name)
    const config: ClientConfig = {
      user: decodeURIComponent(url.username) || undefined,
      password: decodeURIComponent(url.password) || undefined,
      host: decodeURIComponent(hostname).replace(/^\[(.+)\]$/, '$1'),
      ...{ port, database, application_name: 'cloaca' },
    }
    return { shown: maskedUrl(text), config, database, place: `${hostname}:${port}/${name}` }
  } catch (error) {
    // The error of `URL` contains the whole text, so it is not passed on.
    throw error instanceof UsageError ? error : invalid(text, 'Invalid database URL')
  }
}

function invalid(text: string, reason: string): UsageError {
  const form = 'postgresql://USER:PASSWORD@HOST:PORT/DATABASE'
  const message = `${reason}: "${maskedUrl(text)}" does not have the form ${form}.`
  return new UsageError('INVALID_DATABASE_URL', message, { reason })
}

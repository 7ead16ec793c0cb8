/** The tenants of a PostgreSQL database, for Node programs, the command line, and `DatabaseAdmin` in Python. */

import { inspect } from 'node:util'
import { schemaNameProblem, userNameProblem } from '../database/names.ts'
import { UsageError } from '../errors.ts'
import { textArgument } from '../model/arguments.ts'
import { parseOptions } from '../options/checked.ts'
import { STORABLE_TEXT, wholeNumberAtLeast } from '../options/schemas.ts'
import { type AdminUrl, adminUrl } from './admin-url.ts'
import { generatedPassword, scramVerifier } from './scram.ts'
import type { TenantInfo } from './tenant-info.ts'
import type { TenantNames } from './tenant-schemas.ts'

/** Options of `createTenant`. */
export interface TenantOptions {
  /**
   * Name of the schema: 1 to 63 ASCII letters, digits and underscores, not starting with a digit, and not reserved by
   * PostgreSQL. The schema is created if it is missing.
   */
  readonly schemaName: string
  /** Name of the user, with the same rules as `schemaName`. The server must not have such a user yet. */
  readonly username: string
  /** Password. Default: a new one of 32 letters and digits. */
  readonly password?: string | null
  /** Maximum number of simultaneous connections of the user. An engine opens at most 6. 0: no limit. Default: 20. */
  readonly connections?: number
}

/** Options of `removeTenant`. */
export interface TenantRemoval {
  /** Whether to remove a schema without cloaca's tables, and a user that was not created for it. Default: false. */
  readonly force?: boolean
}

const DEFAULT_CONNECTIONS = 20
/** PostgreSQL accepts no larger number. */
const CONNECTIONS = wholeNumberAtLeast(0, 2 ** 31 - 1)

/** Credentials of a new tenant. Printing the object, also with `JSON.stringify`, does not show the password. */
export class TenantCredentials {
  readonly username: string
  readonly schemaName: string
  readonly #password: string
  readonly #place: string

  /** @internal */
  constructor({ username, schemaName }: TenantOptions, password: string, place: string) {
    this.username = username
    this.schemaName = schemaName
    this.#password = password
    this.#place = place
    Object.freeze(this)
  }

  /** Password of the user. */
  get password(): string {
    return this.#password
  }

  /** `postgresql://` URL with the password, for the host, port and database of the administrator. */
  get connectionString(): string {
    return `postgresql://${encodeURIComponent(this.username)}:${encodeURIComponent(this.#password)}@${this.#place}`
  }

  /** @internal */
  [inspect.custom](): string {
    const names = `username: '${this.username}', schemaName: '${this.schemaName}'`
    return `TenantCredentials { ${names}, password: '***', connectionString: '***' }`
  }
}

/**
 * Administrator of the tenants of a PostgreSQL database. Each tenant has a schema and a user with rights in that schema
 * only. Each call opens its own connection and is one transaction.
 */
export class DatabaseAdmin {
  readonly #url: AdminUrl

  /**
   * Parses the URL `postgresql://USER:PASSWORD@HOST:PORT/DATABASE` of a user who can create roles and schemas. Does not
   * connect. Defaults: `localhost` and 5432. Ignores the part after `?`. Throws `INVALID_DATABASE_URL`.
   */
  constructor(databaseUrl: string) {
    this.#url = adminUrl(textArgument(databaseUrl, 'databaseUrl'))
  }

  /**
   * Creates the user, the tables, and the schema if it is missing. Rejects with `INVALID_ARGUMENT`, `DUPLICATE_USER`,
   * `DATABASE_UNAVAILABLE` or `DATABASE_FAILED`. If the call rejects, nothing has changed.
   */
  async createTenant(options: TenantOptions): Promise<TenantCredentials> {
    const names = checkedNames(options.schemaName, options.username)
    const given = parseOptions(STORABLE_TEXT, options.password ?? '', 'password', { secrets: ['password'] })
    const connections = parseOptions(CONNECTIONS, options.connections ?? DEFAULT_CONNECTIONS, 'connections')
    const password = given === '' ? generatedPassword() : given
    const verifier = await scramVerifier(password)
    const { createTenant } = await import('./tenant-schemas.ts')
    await createTenant(this.#url, { ...names, verifier, connections })
    return new TenantCredentials(names, password, this.#url.place)
  }

  /**
   * Drops the schema with all its contents and every user that was created for it, and ends their connections.
   * Missing schemas and users are not an error. Rejects with `INVALID_ARGUMENT`, with `NOT_A_TENANT` unless the schema
   * has cloaca's tables and the user was created for it, and with `DATABASE_UNAVAILABLE` or `DATABASE_FAILED`. If the
   * call rejects, nothing has changed.
   */
  async removeTenant(schemaName: string, username: string, { force = false }: TenantRemoval = {}): Promise<void> {
    const names = checkedNames(schemaName, username)
    const { removeTenant } = await import('./tenant-schemas.ts')
    await removeTenant(this.#url, names, force === true)
  }

  /** Returns the tenants of the database by name. */
  async listTenants(): Promise<readonly TenantInfo[]> {
    const { listTenants } = await import('./tenant-schemas.ts')
    return await listTenants(this.#url)
  }

  /** @internal */
  [inspect.custom](): string {
    return 'DatabaseAdmin {}'
  }
}

function checkedNames(schemaName: string, username: string): TenantNames {
  const schemaProblem = schemaNameProblem(textArgument(schemaName, 'schemaName'))
  if (schemaProblem !== null) throw invalidName('schemaName', `Invalid schema name: ${schemaProblem}`)
  const userProblem = userNameProblem(textArgument(username, 'username'))
  if (userProblem !== null) throw invalidName('username', `Invalid username: ${userProblem}`)
  return { schemaName, username }
}

function invalidName(path: string, reason: string): UsageError {
  return new UsageError('INVALID_ARGUMENT', reason, { path, reason })
}

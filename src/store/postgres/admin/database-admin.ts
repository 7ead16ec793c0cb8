/** Makes, removes and lists tenants of a PostgreSQL database. Used by Node programs, the command line and, from Python, `DatabaseAdmin`. */

import { inspect } from 'node:util'
import { schemaNameProblem, userNameProblem } from '../../../database/names.ts'
import { UsageError } from '../../../errors.ts'
import { shownValue, textArgument } from '../../../model/arguments.ts'
import { type AdminUrl, adminUrl } from './admin-url.ts'
import { generatedPassword, scramVerifier } from './scram.ts'

export interface TenantOptions {
  /** 1 to 63 letters, digits and underscores, of ASCII, the first no digit; not `public` or another name of PostgreSQL's own. Made when missing. */
  readonly schemaName: string
  /** As `schemaName`; not `postgres`, and nothing that begins with `pg_`. It must not exist yet, in the whole server. */
  readonly username: string
  /** Default, and for `''`: one of 32 letters and digits is made. */
  readonly password?: string | null
  /** Maximum number of connections that the user may have at once. Default 20; 0: no limit. An engine opens at most 6. */
  readonly connections?: number
}

export interface TenantRemoval {
  /** Whether a schema is dropped that is not a tenant's, and a user that was not made for it. Default false. */
  readonly force?: boolean
}

const DEFAULT_CONNECTIONS = 20
/** Largest number that PostgreSQL takes. */
const MAX_CONNECTIONS = 2 ** 31 - 1

/** A tenant of a database: a schema that has tables of cloaca, or users that `createTenant` made for it. */
export interface TenantInfo {
  readonly schemaName: string
  /** Names of the users that `createTenant` made for the schema, in alphabetical order. */
  readonly usernames: readonly string[]
  /** What its tables and their indexes take. */
  readonly bytes: number
}

/** What a new tenant connects with. The password is shown by nothing that prints the whole, `JSON.stringify` included. */
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

  get password(): string {
    return this.#password
  }

  /** A `postgresql://` URL with the password in it, to the host, port and database of the administrator's. */
  get connectionString(): string {
    return `postgresql://${encodeURIComponent(this.username)}:${encodeURIComponent(this.#password)}@${this.#place}`
  }

  /** @internal */
  [inspect.custom](): string {
    return `TenantCredentials { username: '${this.username}', schemaName: '${this.schemaName}', password: '***', connectionString: '***' }`
  }
}

/**
 * Administers tenants: schemas with a user of their own, who has all rights in the schema and none elsewhere. Each call connects by itself,
 * and is one transaction: it happens or leaves nothing behind.
 */
export class DatabaseAdmin {
  readonly #url: AdminUrl

  /**
   * Only reads the URL: `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`, of a user who may make roles, and schemas in this database. Host
   * and port are `localhost` and 5432 where they are missing; what stands behind a `?` is dropped. Throws `INVALID_DATABASE_URL`.
   */
  constructor(databaseUrl: string) {
    this.#url = adminUrl(textArgument(databaseUrl, 'databaseUrl'))
  }

  /**
   * Makes the schema where it is missing, the user, and the tables. Rejects with `INVALID_ARGUMENT` for names that cannot be,
   * `DUPLICATE_USER` where the user exists, `DATABASE_UNAVAILABLE` or `DATABASE_FAILED`; then nothing is changed.
   */
  async createTenant(options: TenantOptions): Promise<TenantCredentials> {
    const names = checkedNames(options.schemaName, options.username)
    const given = textArgument(options.password ?? '', 'password')
    if (given.includes('\0') || !given.isWellFormed()) {
      const message = 'The password must not contain a NUL character or a lone surrogate.'
      throw new UsageError('INVALID_ARGUMENT', message, { path: 'password' })
    }
    const connections = checkedConnections(options.connections ?? DEFAULT_CONNECTIONS)
    const password = given === '' ? generatedPassword() : given
    const verifier = await scramVerifier(password)
    const { createTenant } = await import('./tenants.ts')
    await createTenant(this.#url, { ...names, verifier, connections })
    return new TenantCredentials(names, password, this.#url.place)
  }

  /**
   * Drops the schema with all that is in it, then every user that was made for it, and ends their connections. What does not exist is no
   * error. Rejects with `INVALID_ARGUMENT`, with `NOT_A_TENANT` unless the schema has tables of cloaca and the user was made for it, with
   * `DATABASE_UNAVAILABLE` or `DATABASE_FAILED`, as where a user owns something elsewhere; then nothing is changed.
   */
  async removeTenant(schemaName: string, username: string, { force = false }: TenantRemoval = {}): Promise<void> {
    const names = checkedNames(schemaName, username)
    const { removeTenant } = await import('./removal.ts')
    await removeTenant(this.#url, names, force === true)
  }

  /** The schemas of this database that have tables of cloaca or users that were made for them, by name. */
  async listTenants(): Promise<readonly TenantInfo[]> {
    const { listTenants } = await import('./tenants.ts')
    return await listTenants(this.#url)
  }

  /** @internal */
  [inspect.custom](): string {
    return 'DatabaseAdmin {}'
  }
}

function checkedNames(
  schemaName: string,
  username: string,
): { readonly schemaName: string; readonly username: string } {
  const schemaProblem = schemaNameProblem(textArgument(schemaName, 'schemaName'))
  if (schemaProblem !== null) throw invalidName('schemaName', `Invalid schema name: ${schemaProblem}`)
  const userProblem = userNameProblem(textArgument(username, 'username'))
  if (userProblem !== null) throw invalidName('username', `Invalid username: ${userProblem}`)
  return { schemaName, username }
}

function checkedConnections(connections: number): number {
  if (Number.isInteger(connections) && connections >= 0 && connections <= MAX_CONNECTIONS) return connections
  const message = `"connections" must be a whole number from 0 to ${MAX_CONNECTIONS}, but ${shownValue(connections)} was given.`
  throw new UsageError('INVALID_ARGUMENT', message, { path: 'connections' })
}

function invalidName(path: string, reason: string): UsageError {
  return new UsageError('INVALID_ARGUMENT', reason, { path, reason })
}

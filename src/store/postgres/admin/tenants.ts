/**
 * Makes a tenant on the server, in one transaction, and lists tenants. Names are quoted by `pg`, and a password is here only as its verifier.
 * Works for superusers, and for users with CREATEROLE and the right to create schemas: these become members of the users that they make,
 * which PostgreSQL requires of a user who acts for another.
 *
 * An administrator's statements neither read nor write a relation of a schema that exists, and look for functions and operators in
 * `pg_catalog` only. So no code of a tenant runs in an administrator's session. `SET ROLE` would not be enough: the code could end it.
 *
 * Proved by `test/postgres/hostile-tenant.test.ts`.
 */

import { randomBytes } from 'node:crypto'
import { StoreError, toError } from '../../../errors.ts'
import { SCHEMA } from '../schema/schema.ts'
import { TENANT_USERS, tenantComment } from '../schema/tenant-users.ts'
import { codeOf } from '../session/failures.ts'
import { quoted, quotedText, type Session } from '../session/session.ts'
import { inTransaction, reading } from './admin-session.ts'
import type { AdminUrl } from './admin-url.ts'
import type { TenantInfo } from './database-admin.ts'

export interface TenantNames {
  readonly schemaName: string
  readonly username: string
}

export interface NewTenant extends TenantNames {
  readonly verifier: string
  /** Maximum number of connections; 0: no limit. */
  readonly connections: number
}

const DUPLICATE_OBJECT = '42710'
/** Where two make it at once on two databases. */
const UNIQUE_VIOLATION = '23505'

export function createTenant(url: AdminUrl, tenant: NewTenant): Promise<void> {
  return inTransaction(url, async (session) => {
    const { schemaName, username } = tenant
    const [schema, user, database] = [quoted(schemaName), quoted(username), quoted(url.database)]
    await createUser(session, tenant)
    await session.script(`COMMENT ON ROLE ${user} IS ${quotedText(tenantComment(schemaName, url.database))}`)
    await actFor(session, username)
    const found = await findSchema(session, schemaName)
    if (found === undefined) {
      await session.script(`CREATE SCHEMA ${schema} AUTHORIZATION ${user}`)
      await buildAs(session, username, schemaName, url.shown)
    } else {
      await grantSchema(session, tenant)
      if (found.kind === null) await buildInto(session, tenant, url.shown)
      else await grantTables(session, tenant, found)
    }
    await session.script(`ALTER ROLE ${user} IN DATABASE ${database} SET search_path TO ${schema}`)
    await grantConnecting(session, username, database)
  })
}

/** Lists tenants, including users whose schema or tables are gone. */
export function listTenants(url: AdminUrl): Promise<readonly TenantInfo[]> {
  return reading(url, async (session) => {
    const rows = await session.all<{ schema: string; users: string[] | null; bytes: number }>(
      `WITH tenant_users AS (${TENANT_USERS}),
            schemas AS (
              SELECT n.nspname::text AS name FROM pg_namespace n
               WHERE EXISTS (SELECT 1 FROM pg_class t WHERE t.relnamespace = n.oid AND t.relname = 'cloaca_schema')
               UNION SELECT schema FROM tenant_users)
       SELECT s.name AS schema,
              (SELECT array_agg(t.username ORDER BY t.username) FROM tenant_users t WHERE t.schema = s.name) AS users,
              (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
                 FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
                WHERE n.nspname = s.name AND c.relkind IN ('r', 'm')) AS bytes
         FROM schemas s ORDER BY s.name COLLATE "C"`,
    )
    return rows.map(({ schema, users, bytes }) => ({ schemaName: schema, usernames: users ?? [], bytes }))
  })
}

/** Builds the tables as a user, in a schema that was made in this transaction: nobody else has put anything into it. */
async function buildAs(session: Session, username: string, schemaName: string, shown: string): Promise<void> {
  const row = await session.one<{ readonly at: number }>('SELECT (extract(epoch FROM now()) * 1000)::bigint AS at')
  await session.script(`SET LOCAL ROLE ${quoted(username)}; SET LOCAL search_path TO ${quoted(schemaName)}`)
  await SCHEMA.buildTables(session, shown, row?.at ?? 0)
  await session.script('SET LOCAL ROLE NONE; SET LOCAL search_path TO pg_catalog')
}

/**
 * Builds the tables in a schema that exists. They are built in an empty schema and then moved, because functions, operators and views of the
 * schema would take part in a migration that runs in it.
 */
async function buildInto(session: Session, { schemaName, username }: TenantNames, shown: string): Promise<void> {
  const staging = `cloaca_${randomBytes(16).toString('hex')}`
  const user = quoted(username)
  await session.script(`CREATE SCHEMA ${quoted(staging)} AUTHORIZATION ${user}`)
  await buildAs(session, username, staging, shown)
  // A sequence of an identity column goes with its table.
  const moved = await session.all<{ readonly name: string; readonly kind: string }>(
    `SELECT c.relname::text AS name, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'S') AND NOT EXISTS (
        SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
           AND d.refclassid = 'pg_class'::regclass AND c.relkind = 'S')`,
    staging,
  )
  const moves = moved.map(
    ({ name, kind }) => `ALTER ${kind} ${quoted(staging)}.${quoted(name)} SET SCHEMA ${quoted(schemaName)}`,
  )
  await session.script(
    `SET LOCAL ROLE ${user}; ${moves.join('; ')}; DROP SCHEMA ${quoted(staging)}; SET LOCAL ROLE NONE`,
  )
}

async function createUser(session: Session, { username, verifier, connections }: NewTenant) {
  try {
    // All other rights are named, so that they do not depend on what a server gives by default.
    const rights = `LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT CONNECTION LIMIT ${connections === 0 ? -1 : connections}`
    await session.script(`CREATE ROLE ${quoted(username)} ${rights} PASSWORD ${quotedText(verifier)}`)
  } catch (thrown) {
    const cause = toError(thrown)
    const code = codeOf(cause)
    const isThere = code === DUPLICATE_OBJECT || code === UNIQUE_VIOLATION
    if (code === null || !/^[0-9A-Z]{5}$/.test(code)) throw thrown
    throw new StoreError(
      isThere ? 'DUPLICATE_USER' : 'DATABASE_FAILED',
      `Failed to create user '${username}': ${isThere ? 'a user with this name already exists. Choose another name' : cause.message}.`,
      { cause },
    )
  }
}

/** A superuser may do anything already. Else, also in PostgreSQL 16 and newer, where making a user does not mean to act for it. */
export async function actFor(session: Session, username: string): Promise<void> {
  const row = await session.one<{ readonly may: boolean }>(
    "SELECT rolsuper OR pg_has_role(current_user, $1::name, 'USAGE') AS may FROM pg_roles WHERE rolname = current_user",
    username,
  )
  if (row?.may !== true) await session.script(`GRANT ${quoted(username)} TO CURRENT_USER`)
}

interface FoundSchema {
  /** Kind of `cloaca_schema`, as `pg_class` has it; null where there is none. */
  readonly kind: string | null
  /** Whether its owner is a user of the tenant, the owner of the schema or of the database, the administrator, or a superuser. */
  readonly is_expected: boolean
}

async function findSchema(session: Session, schemaName: string): Promise<FoundSchema | undefined> {
  return await session.one<FoundSchema>(
    `WITH tenant_users AS (${TENANT_USERS})
     SELECT c.relkind AS kind,
            r.rolsuper OR r.oid = n.nspowner OR r.oid = d.datdba OR r.rolname = current_user
              OR EXISTS (SELECT 1 FROM tenant_users t WHERE t.oid = r.oid AND t.schema = n.nspname) AS is_expected
       FROM pg_namespace n JOIN pg_database d ON d.datname = current_database()
       LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'cloaca_schema' LEFT JOIN pg_roles r ON r.oid = c.relowner
      WHERE n.nspname = $1`,
    schemaName,
  )
}

/** Of a schema that somebody else has made. A server only warns of rights that it does not give. */
async function grantSchema(session: Session, { schemaName, username }: TenantNames): Promise<void> {
  await session.script(`GRANT ALL ON SCHEMA ${quoted(schemaName)} TO ${quoted(username)}`)
  const row = await session.one<{ readonly may: boolean }>(
    "SELECT has_schema_privilege($1::name, $2::text, 'USAGE') AND has_schema_privilege($1::name, $2::text, 'CREATE') AS may",
    username,
    schemaName,
  )
  if (row?.may === true) return
  const reason = `schema "${schemaName}" belongs to another user, and only that user can grant access to it`
  throw new StoreError('DATABASE_FAILED', `${reason}. Choose another schema, or connect as its owner.`, { reason })
}

/** Grants a user everything in a schema, and what the owners of its tables will add. The owner upgrades the tables, so their version is not read. */
async function grantTables(session: Session, { schemaName, username }: TenantNames, found: FoundSchema): Promise<void> {
  if (found.kind !== 'r' || !found.is_expected) {
    const reason = `"cloaca_schema" in schema "${schemaName}" is not a table of cloaca: it is a view, or belongs to an unrelated user`
    throw new StoreError('DATABASE_FAILED', `${reason}. Choose another schema, or drop this one.`, { reason })
  }
  const [schema, user] = [quoted(schemaName), quoted(username)]
  for (const kind of ['TABLES', 'SEQUENCES', 'ROUTINES']) {
    await session.script(`GRANT ALL ON ALL ${kind} IN SCHEMA ${schema} TO ${user}`)
  }
  const owners = await session.all<{ readonly owner: string }>(
    `SELECT DISTINCT tableowner::text AS owner FROM pg_tables
      WHERE schemaname = $1 AND tableowner <> $2 AND pg_has_role(current_user, tableowner, 'USAGE')`,
    schemaName,
    username,
  )
  for (const { owner } of owners) {
    const defaults = `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoted(owner)} IN SCHEMA ${schema} GRANT ALL ON`
    await session.script(`${defaults} TABLES TO ${user}; ${defaults} SEQUENCES TO ${user}`)
  }
}

/** Where not everybody may connect to the database. */
async function grantConnecting(session: Session, username: string, database: string): Promise<void> {
  const row = await session.one<{ readonly may: boolean }>(
    "SELECT has_database_privilege($1::name, current_database(), 'CONNECT') AS may",
    username,
  )
  if (row?.may !== true) await session.script(`GRANT CONNECT ON DATABASE ${database} TO ${quoted(username)}`)
}

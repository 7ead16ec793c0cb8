/**
 * What making and removing a tenant does on the server, each in one transaction. Names are quoted by `pg`, and a password is here only as its
 * verifier. Works for superusers, and for users with CREATEROLE and the right to create schemas: these become members of the users that
 * they make, which is what PostgreSQL asks of whoever acts for a user.
 */

import { StoreError, toError } from '../../../errors.ts'
import { buildTables } from '../schema/schema.ts'
import { codeOf } from '../session/failures.ts'
import { quoted, quotedText, type Session } from '../session/session.ts'
import { inTransaction, reading } from './admin-session.ts'
import type { AdminUrl } from './admin-url.ts'
import type { TenantInfo } from './database-admin.ts'

export interface TenantNames {
  readonly schemaName: string
  readonly username: string
}

/** Those who make or remove tenants of one database do so one after the other. Any number. */
const LOCK = "SELECT pg_advisory_xact_lock(hashtext('cloaca tenants'))"
const DUPLICATE_OBJECT = '42710'
/** Where two make it at once on two databases. */
const UNIQUE_VIOLATION = '23505'

export function createTenant(url: AdminUrl, tenant: TenantNames & { readonly verifier: string }): Promise<void> {
  return inTransaction(url, async (session) => {
    await session.script(LOCK)
    const { schemaName, username } = tenant
    const [schema, user] = [quoted(schemaName), quoted(username)]
    await createUser(session, tenant)
    await actFor(session, username)
    if (await hasSchema(session, schemaName)) await grantSchema(session, tenant)
    else await session.script(`CREATE SCHEMA ${schema} AUTHORIZATION ${user}`)
    await session.script(`SET LOCAL search_path TO ${schema}`)
    // Who owns tables may upgrade them: new ones are the tenant's own.
    const isNew = (await session.one("SELECT 1 AS found WHERE to_regclass('cloaca_schema') IS NOT NULL")) === undefined
    if (isNew) await session.script(`SET LOCAL ROLE ${user}`)
    await buildTables(session, url.shown, await serverTime(session))
    if (isNew) await session.script('SET LOCAL ROLE NONE')
    else await grantTables(session, tenant)
    const database = quoted(url.database)
    await session.script(`ALTER ROLE ${user} IN DATABASE ${database} SET search_path TO ${schema}`)
    await grantConnecting(session, username, database)
  })
}

export function removeTenant(url: AdminUrl, { schemaName, username }: TenantNames): Promise<void> {
  return inTransaction(url, async (session) => {
    await session.script(LOCK)
    const user = quoted(username)
    const isUser = (await session.one('SELECT 1 AS found FROM pg_roles WHERE rolname = $1', username)) !== undefined
    if (isUser) {
      await actFor(session, username)
      await session.all(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()',
        username,
      )
    }
    await session.script(`DROP SCHEMA IF EXISTS ${quoted(schemaName)} CASCADE`)
    if (!isUser) return
    await session.script(`REVOKE ALL ON DATABASE ${quoted(url.database)} FROM ${user}`)
    await session.script(`DROP ROLE ${user}`)
  })
}

export function listTenants(url: AdminUrl): Promise<readonly TenantInfo[]> {
  return reading(url, async (session) => {
    const rows = await session.all<{ schema: string; users: string[] | null; bytes: number }>(
      `SELECT n.nspname AS schema,
              (SELECT array_agg(r.rolname::text ORDER BY r.rolname)
                 FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole JOIN pg_database d ON d.oid = s.setdatabase
                WHERE d.datname = current_database()
                  AND s.setconfig && ARRAY['search_path=' || n.nspname, 'search_path=' || quote_ident(n.nspname)]) AS users,
              (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
                 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'm')) AS bytes
         FROM pg_namespace n
        WHERE EXISTS (SELECT 1 FROM pg_class t WHERE t.relnamespace = n.oid AND t.relname = 'cloaca_schema')
        ORDER BY n.nspname COLLATE "C"`,
    )
    return rows.map(({ schema, users, bytes }) => ({ schemaName: schema, usernames: users ?? [], bytes }))
  })
}

async function serverTime(session: Session): Promise<number> {
  const row = await session.one<{ readonly at: number }>('SELECT (extract(epoch FROM now()) * 1000)::bigint AS at')
  return row?.at ?? 0
}

async function createUser(session: Session, { username, verifier }: { username: string; verifier: string }) {
  try {
    // All other rights are named, so that they do not depend on what a server gives by default.
    const rights = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT'
    await session.script(`CREATE ROLE ${quoted(username)} ${rights} PASSWORD ${quotedText(verifier)}`)
  } catch (thrown) {
    const cause = toError(thrown)
    const code = codeOf(cause)
    const isThere = code === DUPLICATE_OBJECT || code === UNIQUE_VIOLATION
    if (code === null || !/^[0-9A-Z]{5}$/.test(code)) throw thrown
    throw new StoreError(
      isThere ? 'DUPLICATE_USER' : 'DATABASE_FAILED',
      `Failed to create user '${username}': ${isThere ? 'there is a user of that name. Choose another one' : cause.message}.`,
      { cause },
    )
  }
}

/** A superuser may do anything already. Else, also in PostgreSQL 16 and newer, where making a user does not mean to act for it. */
async function actFor(session: Session, username: string): Promise<void> {
  const row = await session.one<{ readonly may: boolean }>(
    "SELECT rolsuper OR pg_has_role(current_user, $1::name, 'USAGE') AS may FROM pg_roles WHERE rolname = current_user",
    username,
  )
  if (row?.may !== true) await session.script(`GRANT ${quoted(username)} TO CURRENT_USER`)
}

async function hasSchema(session: Session, schemaName: string): Promise<boolean> {
  return (await session.one('SELECT 1 AS found FROM pg_namespace WHERE nspname = $1', schemaName)) !== undefined
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
  const reason = `the schema '${schemaName}' belongs to another user, who alone may let others use it`
  throw new StoreError('DATABASE_FAILED', `${reason}. Choose another schema, or administer as its owner.`, { reason })
}

/** What is in it, and what its owners will put into it. */
async function grantTables(session: Session, { schemaName, username }: TenantNames): Promise<void> {
  const [schema, user] = [quoted(schemaName), quoted(username)]
  for (const kind of ['TABLES', 'SEQUENCES', 'ROUTINES']) {
    await session.script(`GRANT ALL ON ALL ${kind} IN SCHEMA ${schema} TO ${user}`)
  }
  const owners = await session.all<{ readonly owner: string }>(
    `SELECT DISTINCT tableowner AS owner FROM pg_tables
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

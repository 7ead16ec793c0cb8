/**
 * Creates, removes and lists tenants, each in one transaction. Names are quoted by `pg`, and a password is passed only
 * as its verifier. Works for superusers, and for users with CREATEROLE and the right to create schemas: these become
 * members of the users that they create, which PostgreSQL requires of a user who acts for another.
 *
 * An administrator's statements neither read nor write a relation of a schema that exists, and look for functions and
 * operators in `pg_catalog` only. So no code of a tenant runs in an administrator's session. `SET ROLE` would not be
 * enough: the code could end it.
 *
 * Proved by `test/postgres/hostile-tenant.test.ts`.
 */

import { randomBytes } from 'node:crypto'
import { StoreError, toError } from '../errors.ts'
import { SCHEMA } from '../store/postgres/schema/postgres-schema.ts'
import { TENANT_USERS, tenantComment } from '../store/postgres/schema/tenant-users.ts'
import { failureCode } from '../store/postgres/session/postgres-failures.ts'
import { quoted, quotedText, type Session } from '../store/postgres/session/postgres-session.ts'
import { inTransaction, readAsAdmin } from './admin-session.ts'
import type { AdminUrl } from './admin-url.ts'
import type { TenantInfo } from './tenant-info.ts'

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
/** Two administrators created the user at the same time from two databases. */
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
    const mayConnect = await holds(session, "has_database_privilege($1::name, current_database(), 'CONNECT')", username)
    if (!mayConnect) await session.script(`GRANT CONNECT ON DATABASE ${database} TO ${user}`)
  })
}

/** Lists tenants, including users whose schema or tables are gone. */
export function listTenants(url: AdminUrl): Promise<readonly TenantInfo[]> {
  return readAsAdmin(url, (session) =>
    session.all<TenantInfo>(
      `WITH tenant_users AS (${TENANT_USERS}),
            schemas AS (
              SELECT n.nspname::text AS name FROM pg_namespace n
               WHERE EXISTS (SELECT 1 FROM pg_class t WHERE t.relnamespace = n.oid AND t.relname = 'cloaca_schema')
               UNION SELECT schema FROM tenant_users)
       SELECT s.name AS "schemaName",
              ARRAY(SELECT t.username FROM tenant_users t WHERE t.schema = s.name ORDER BY t.username) AS usernames,
              (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
                 FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
                WHERE n.nspname = s.name AND c.relkind IN ('r', 'm')) AS bytes
         FROM schemas s ORDER BY s.name COLLATE "C"`,
    ),
  )
}

/** Builds the tables as a user in a schema that this transaction created, so it has no objects of other users. */
async function buildAs(session: Session, username: string, schemaName: string, shown: string): Promise<void> {
  const row = await session.one<{ readonly at: number }>('SELECT (extract(epoch FROM now()) * 1000)::bigint AS at')
  await session.script(`SET LOCAL ROLE ${quoted(username)}; SET LOCAL search_path TO ${quoted(schemaName)}`)
  await SCHEMA.buildTables(session, shown, row?.at ?? 0)
  await session.script('SET LOCAL ROLE NONE; SET LOCAL search_path TO pg_catalog')
}

/**
 * Builds the tables in a schema that exists. They are built in an empty schema and then moved, because functions,
 * operators and views of the schema would take part in a migration that runs in it.
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

async function createUser(session: Session, { username, verifier, connections }: NewTenant): Promise<void> {
  // All other rights are named, so that they do not depend on the defaults of the server.
  const rights = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT'
  const limit = `CONNECTION LIMIT ${connections === 0 ? -1 : connections}`
  try {
    await session.script(`CREATE ROLE ${quoted(username)} ${rights} ${limit} PASSWORD ${quotedText(verifier)}`)
  } catch (thrown) {
    const cause = toError(thrown)
    const code = failureCode(cause)
    if (code === null || !/^[0-9A-Z]{5}$/.test(code)) throw thrown
    const isThere = code === DUPLICATE_OBJECT || code === UNIQUE_VIOLATION
    const reason = isThere ? 'a user with this name already exists. Choose another name' : cause.message
    const message = `Failed to create user '${username}': ${reason}.`
    throw new StoreError(isThere ? 'DUPLICATE_USER' : 'DATABASE_FAILED', message, { cause })
  }
}

/** Makes the administrator a member of a user: since PostgreSQL 16, the creator of a user is not a full member. */
async function actFor(session: Session, username: string): Promise<void> {
  if (await holds(session, "pg_has_role(current_user, $1::name, 'USAGE')", username)) return
  await session.script(`GRANT ${quoted(username)} TO CURRENT_USER`)
}

async function holds(session: Session, condition: string, ...values: string[]): Promise<boolean> {
  const row = await session.one<{ readonly holds: boolean | null }>(`SELECT ${condition} AS holds`, ...values)
  return row?.holds === true
}

interface FoundSchema {
  /** Kind of `cloaca_schema` in `pg_class`, or null if there is no such relation. */
  readonly kind: string | null
  /** Whether a user of the tenant, the owner of the schema or database, the administrator, or a superuser owns it. */
  readonly is_expected: boolean
}

async function findSchema(session: Session, schemaName: string): Promise<FoundSchema | undefined> {
  return await session.one<FoundSchema>(
    `WITH tenant_users AS (${TENANT_USERS})
     SELECT c.relkind AS kind,
            r.rolsuper OR r.oid = n.nspowner OR r.oid = d.datdba OR r.rolname = current_user
              OR EXISTS (SELECT 1 FROM tenant_users t WHERE t.oid = r.oid AND t.schema = n.nspname) AS is_expected
       FROM pg_namespace n JOIN pg_database d ON d.datname = current_database()
       LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'cloaca_schema'
       LEFT JOIN pg_roles r ON r.oid = c.relowner
      WHERE n.nspname = $1`,
    schemaName,
  )
}

/** The server only warns of rights that it does not grant. */
async function grantSchema(session: Session, { schemaName, username }: TenantNames): Promise<void> {
  await session.script(`GRANT ALL ON SCHEMA ${quoted(schemaName)} TO ${quoted(username)}`)
  const may = (right: string) =>
    holds(session, `has_schema_privilege($1::name, $2::text, '${right}')`, username, schemaName)
  if ((await may('USAGE')) && (await may('CREATE'))) return
  const reason = `schema "${schemaName}" belongs to another user, and only that user can grant access to it`
  throw new StoreError('DATABASE_FAILED', `${reason}. Choose another schema, or connect as its owner.`, { reason })
}

/**
 * Grants a user all objects in a schema, and those that the owners of its tables will add. The owner upgrades the
 * tables, so their version is not read.
 */
async function grantTables(session: Session, { schemaName, username }: TenantNames, found: FoundSchema): Promise<void> {
  if (found.kind !== 'r' || !found.is_expected) {
    const reason =
      `"cloaca_schema" in schema "${schemaName}" is not a table of cloaca: it is a view, or belongs to an ` +
      'unrelated user'
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

interface FoundTenant {
  readonly has_tables: boolean
  /** Whether the schema exists and the administrator may drop it. */
  readonly may_drop: boolean
  readonly has_user: boolean
  /** Users that were created for the schema. */
  readonly users: readonly string[]
}

/** Removes the schema and all its users; with `force` also a schema without tables, and a user of another schema. */
export function removeTenant(url: AdminUrl, names: TenantNames, force: boolean): Promise<void> {
  return inTransaction(url, async (session) => {
    const { schemaName, username } = names
    const found = await findTenant(session, names)
    if (!force) assertTenant(found, names)
    const users = new Set(found.users)
    if (found.has_user) users.add(username)
    for (const user of users) await actFor(session, user)
    await session.all(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE usename::text = ANY ($1::text[]) AND pid <> pg_backend_pid()`,
      [...users],
    )
    await session.script(`DROP SCHEMA IF EXISTS ${quoted(schemaName)} CASCADE`)
    for (const user of users) await dropUser(session, user, url.database)
  })
}

async function findTenant(session: Session, { schemaName, username }: TenantNames): Promise<FoundTenant> {
  const found = await session.one<FoundTenant>(
    `WITH tenant_users AS (${TENANT_USERS})
     SELECT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = n.oid AND relname = 'cloaca_schema') AS has_tables,
            coalesce(pg_has_role(current_user, n.nspowner, 'USAGE'), false) AS may_drop,
            EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $2) AS has_user,
            ARRAY(SELECT t.username FROM tenant_users t WHERE t.schema = $1 ORDER BY t.username) AS users
       FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = $1`,
    schemaName,
    username,
  )
  return found ?? { has_tables: false, may_drop: false, has_user: false, users: [] }
}

/** Does not check a schema that the administrator may not drop: the error of the server names the missing right. */
function assertTenant(found: FoundTenant, { schemaName, username }: TenantNames): void {
  const isEmpty = found.may_drop && !found.has_tables
  const isOther = !found.users.includes(username) && (found.has_user || found.may_drop)
  if (!isEmpty && !isOther) return
  const users = found.users.map((user) => `"${user}"`).join(', ') || 'none'
  const reason = isEmpty
    ? `Schema "${schemaName}" is not a tenant: it contains no tables of cloaca`
    : `User "${username}" was not created for schema "${schemaName}" (users of this schema: ${users})`
  const command = `cloaca tenant remove ${schemaName} ${username} --force`
  const message = `${reason}. Nothing was removed. Check the names, or remove both with: ${command}`
  throw new StoreError('NOT_A_TENANT', message, { reason })
}

async function dropUser(session: Session, username: string, database: string): Promise<void> {
  const granted = `EXISTS (
    SELECT 1 FROM pg_database d, aclexplode(d.datacl) acl JOIN pg_roles r ON r.oid = acl.grantee
     WHERE d.datname = current_database() AND r.rolname = $1)`
  if (await holds(session, granted, username)) {
    await session.script(`REVOKE ALL ON DATABASE ${quoted(database)} FROM ${quoted(username)}`)
  }
  await session.script(`DROP ROLE ${quoted(username)}`)
}

/** Removes a tenant from the server, in one transaction: its schema, and all users that were made for it. */

import { StoreError } from '../../../errors.ts'
import { TENANT_USERS } from '../schema/tenant-users.ts'
import { quoted, type Session } from '../session/session.ts'
import { inTransaction } from './admin-session.ts'
import type { AdminUrl } from './admin-url.ts'
import { actFor, type TenantNames } from './tenants.ts'

interface Found {
  readonly has_schema: boolean
  readonly has_tables: boolean
  /** Whether the user may drop the schema. */
  readonly may_drop: boolean
  readonly has_user: boolean
  /** Users that were made for the schema. */
  readonly users: readonly string[] | null
}

/** Removes also a schema that is not a tenant's, and a user that was not made for it, if `force` is set. */
export function removeTenant(url: AdminUrl, names: TenantNames, force: boolean): Promise<void> {
  return inTransaction(url, async (session) => {
    const { schemaName, username } = names
    const found = await find(session, names)
    if (!force) assertTenant(found, names)
    const users = new Set(found.users ?? [])
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

async function find(session: Session, { schemaName, username }: TenantNames): Promise<Found> {
  const found = await session.one<Found>(
    `WITH tenant_users AS (${TENANT_USERS})
     SELECT n.oid IS NOT NULL AS has_schema,
            EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'cloaca_schema') AS has_tables,
            coalesce(pg_has_role(current_user, n.nspowner, 'USAGE'), false) AS may_drop,
            EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $2) AS has_user,
            (SELECT array_agg(t.username ORDER BY t.username) FROM tenant_users t WHERE t.schema = $1) AS users
       FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = $1`,
    schemaName,
    username,
  )
  return found ?? { has_schema: false, has_tables: false, may_drop: false, has_user: false, users: null }
}

/** A schema that the administrator may not drop is left to the server, whose refusal names the missing right. */
function assertTenant(found: Found, names: TenantNames): void {
  const mayDropSchema = found.has_schema && found.may_drop
  const isItsUser = found.users?.includes(names.username) ?? false
  if (mayDropSchema && !found.has_tables) {
    throw notTenant(names, `Schema "${names.schemaName}" is not a tenant: it contains no tables of cloaca`)
  }
  if (!isItsUser && (found.has_user || mayDropSchema)) {
    const users = found.users?.map((user) => `"${user}"`).join(', ') ?? 'none'
    throw notTenant(
      names,
      `User "${names.username}" was not created for schema "${names.schemaName}" (users of this schema: ${users})`,
    )
  }
}

function notTenant({ schemaName, username }: TenantNames, reason: string): StoreError {
  const command = `cloaca tenant remove ${schemaName} ${username} --force`
  const message = `${reason}. Nothing was removed. Check the names, or remove both with: ${command}`
  return new StoreError('NOT_A_TENANT', message, { reason })
}

async function dropUser(session: Session, username: string, database: string): Promise<void> {
  const granted = await session.one(
    `SELECT 1 AS found FROM pg_database d, aclexplode(d.datacl) acl JOIN pg_roles r ON r.oid = acl.grantee
      WHERE d.datname = current_database() AND r.rolname = $1`,
    username,
  )
  if (granted !== undefined) await session.script(`REVOKE ALL ON DATABASE ${quoted(database)} FROM ${quoted(username)}`)
  await session.script(`DROP ROLE ${quoted(username)}`)
}

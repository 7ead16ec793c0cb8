/**
 * Selects the role with which a store works in its schema, from the catalog of the server alone. The owner of a schema
 * or a relation can attach code to it (views, triggers, functions that statements call), and the server runs this code
 * with the rights of the session.
 *
 *   schema of the user, of a superuser, or of the database's owner through `public`   as the user
 *   schema of a role that the user is a member of                                     SET LOCAL ROLE per transaction
 *   any other schema                                                                  as the user
 *   schema of another user, or in which a tenant may create functions                 rejected for an administrator
 *
 * An administrator is a user whose session can become more than the user: planted code can switch to each role that the
 * user is a member of, also if the user does not inherit its rights.
 * An administrator is rejected because the code could end `SET ROLE` with `set_config('role', 'none', true)`: only a
 * session that was authenticated as another user lacks the rights of the administrator.
 *
 * Proved by `test/postgres/hostile-tenant.test.ts`.
 */

import { StoreError } from '../../../errors.ts'
import type { PostgresAddress } from '../session/address.ts'
import type { Session } from '../session/postgres-session.ts'
import { beginRead, CATALOG } from '../session/transaction.ts'
import { MIGRATIONS } from './postgres-tables.ts'
import { TENANT_USERS } from './tenant-users.ts'

/** Names of the tables and sequences of all versions. Their partitions and indexes have the owners of the tables. */
const RELATIONS: readonly string[] = [
  'cloaca_schema',
  ...MIGRATIONS.flatMap((sql) => [...sql.matchAll(/CREATE (?:TABLE|SEQUENCE) (\w+)/g)].map(([, name = '']) => name)),
]

interface SchemaOwners {
  readonly user: string
  readonly is_superuser: boolean
  /**
   * Whether the session can become more than the user of this schema, as the user is a member of a role with rights on
   * the whole server or database, or of the user of another tenant.
   */
  readonly has_powers: boolean
  readonly owner: string
  /** Whether the owner's code may run with the user's rights: the user, a superuser, or the owner of the database. */
  readonly is_trusted: boolean
  readonly is_member: boolean
  readonly owner_logs_in: boolean
  readonly tables_owner: string | null
  /** Users of the tenant that has the schema. Null also if the user is one of them. */
  readonly tenants: readonly string[] | null
  /** Relations of cloaca whose owner is neither the user, nor a superuser, nor the owner of the database. */
  readonly relations: readonly { readonly name: string; readonly owner: string }[] | null
  /** Other roles that may create functions in the schema; null in the list: everybody. */
  readonly creators: readonly (string | null)[] | null
  readonly tenant_creates: boolean
}

/** Values: the schema, the names of the relations of cloaca. */
const OWNERS = `
WITH tenant_users AS (${TENANT_USERS})
SELECT me.rolname::text AS "user", me.rolsuper AS is_superuser, owner.rolname::text AS owner,
       session_user <> current_user OR EXISTS (
         SELECT FROM pg_roles p
         WHERE pg_has_role(me.oid, p.oid, 'MEMBER')
           AND (p.rolsuper OR p.rolcreaterole OR p.rolreplication OR p.rolbypassrls OR p.oid = d.datdba
             OR (starts_with(p.rolname::text, 'pg_') AND p.rolname <> 'pg_database_owner')
             OR EXISTS (SELECT FROM tenant_users t WHERE t.oid = p.oid AND t.schema <> n.nspname))) AS has_powers,
       owner.oid = me.oid OR owner.rolsuper OR owner.rolname = 'pg_database_owner' AS is_trusted,
       pg_has_role(me.oid, owner.oid,
         CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END) AS is_member,
       owner.rolcanlogin AS owner_logs_in,
       (SELECT pg_get_userbyid(relowner)::text FROM pg_class
        WHERE relnamespace = n.oid AND relname = 'cloaca_schema') AS tables_owner,
       (SELECT array_agg(t.username) FROM tenant_users t
        WHERE t.schema = n.nspname HAVING NOT bool_or(t.oid = me.oid)) AS tenants,
       (SELECT jsonb_agg(jsonb_build_object('name', c.relname, 'owner', r.rolname) ORDER BY c.relname)
        FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
        WHERE c.relnamespace = n.oid AND c.relname = ANY ($2::text[])
          AND r.oid <> me.oid AND r.oid <> d.datdba AND NOT r.rolsuper) AS relations,
       (SELECT array_agg(r.rolname::text)
        FROM aclexplode(n.nspacl) acl LEFT JOIN pg_roles r ON r.oid = acl.grantee
        WHERE acl.privilege_type = 'CREATE' AND acl.grantee <> me.oid AND acl.grantee <> d.datdba
          AND NOT coalesce(r.rolsuper OR r.rolname = 'pg_database_owner', false)) AS creators,
       EXISTS (
         SELECT FROM tenant_users t
         WHERE t.oid <> me.oid AND has_schema_privilege(t.oid, n.oid, 'CREATE')) AS tenant_creates
FROM pg_namespace n JOIN pg_roles owner ON owner.oid = n.nspowner JOIN pg_roles me ON me.rolname = session_user
JOIN pg_database d ON d.datname = current_database()
WHERE n.nspname = $1`

/** Returns the address, with the first schema of the user's search path if it names none. */
export async function withOwnSchema(session: Session, address: PostgresAddress): Promise<PostgresAddress> {
  if (address.schema !== '') return address
  const row = await session.one<{ readonly name: string | null }>('SELECT pg_catalog.current_schema() AS name')
  return { ...address, schema: row?.name ?? '' }
}

/** Adds the role that the user takes on. Throws `DATABASE_UNAVAILABLE` if the user must not open the schema. */
export async function inOwnRole(
  session: Session,
  address: PostgresAddress,
  notice: (message: string) => void = () => undefined,
): Promise<PostgresAddress> {
  await beginRead(session, CATALOG)
  const owners = await session.one<SchemaOwners>(OWNERS, address.schema, RELATIONS)
  await session.script('COMMIT')
  if (owners === undefined) return address
  const { user, owner } = owners
  const { shown, schema } = address
  const isAdministrator = owners.is_superuser || owners.has_powers
  const stranger = isAdministrator ? strangerTo(owners) : null
  if (stranger !== null) {
    throw unsafe(
      `Cannot open schema "${schema}" as administrator "${user}": code that user "${stranger}" can add to this ` +
        `schema would run with administrator rights. Open "${shown}" as "${stranger}", or create another user for ` +
        `the schema: cloaca tenant create ${schema} USER`,
    )
  }
  const creators = owners.creators?.map((name) => (name === null ? 'PUBLIC' : `"${name}"`)).join(', ')
  const remedy = creators === undefined ? '' : `, or run: REVOKE CREATE ON SCHEMA "${schema}" FROM ${creators}`
  const risk =
    `Other users can create functions in schema "${schema}" of "${shown}", which may run with the rights of ` +
    `administrator "${user}". Connect as a user without administrator rights${remedy}`
  // A right that is inherited from the owner of the schema is in no list of rights.
  if (isAdministrator && owners.tenant_creates) throw unsafe(risk)
  if (!owners.is_member) return address
  // A member that created the tables works as itself: the owner of the schema may have no rights in them.
  const role = owners.is_trusted || owners.tables_owner === user ? null : owner
  const foreign = owners.relations?.find((relation) => relation.owner !== role)
  if (foreign !== undefined) {
    const name = `"${foreign.name}"`
    const other = `"${foreign.owner}"`
    const own = `"${role ?? user}"`
    throw unsafe(
      `Cannot open schema "${schema}": user ${other} owns ${name} in this schema, so code that ${other} adds to ` +
        `${name} would run with the rights of ${own}. Change the owner in database "${shown}" with: ` +
        `ALTER TABLE "${schema}".${name} OWNER TO ${own}, or use another schema.`,
    )
  }
  if (owners.is_superuser && creators !== undefined) notice(risk)
  return { ...address, role }
}

function unsafe(message: string): StoreError {
  return new StoreError('DATABASE_UNAVAILABLE', message)
}

/** Returns another user whose code runs in the schema, or null. A role that cannot log in is a group, not a tenant. */
function strangerTo(owners: SchemaOwners): string | null {
  if (!owners.is_trusted && (owners.is_superuser || owners.owner_logs_in)) return owners.owner
  return owners.tenants?.[0] ?? null
}

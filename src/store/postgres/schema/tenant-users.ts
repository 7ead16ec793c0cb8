/**
 * Maps users to tenants. The comment on the role of a user names its tenant: a user can change neither its own comment
 * nor that of another user, while it can change its own settings and grant rights in its own schema.
 */

export function tenantComment(schema: string, database: string): string {
  return `cloaca tenant of schema ${schema} in database ${database}`
}

/** SQL of the users of all tenants of this database, with their schemas, which may be gone. */
export const TENANT_USERS = `
SELECT r.oid, r.rolname::text AS username,
       substring(d.description FROM '^cloaca tenant of schema ([A-Za-z0-9_]+) in database ') AS schema
FROM pg_shdescription d JOIN pg_roles r ON r.oid = d.objoid
WHERE d.classoid = 'pg_authid'::regclass
  AND substring(d.description FROM '^cloaca tenant of schema [A-Za-z0-9_]+ in database (.*)$') = current_database()`

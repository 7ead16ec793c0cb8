/**
 * Tenant that attacks: its schema has functions that try to gain the rights of the user who runs them, in every way
 * that PostgreSQL offers. Used by tests and by `npm run attack`.
 */

import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseAdmin } from '../../src/tenants/database-admin.ts'
import { administer, type PostgresServer } from './postgres-server.ts'

export interface AttackedDatabase {
  readonly server: PostgresServer
  readonly name: string
  /** URL of a superuser. */
  readonly url: string
  /** Host, port and database in a URL without parameters. */
  readonly place: string
}

export class HostileTenant {
  readonly schema: string
  readonly user: string
  readonly url: string
  readonly #database: AttackedDatabase
  readonly #marker: string

  private constructor(database: AttackedDatabase, schema: string, user: string, url: string) {
    this.#database = database
    this.schema = schema
    this.user = user
    this.url = url
    this.#marker = join(database.server.socketFolder, `taken-by-${user}`)
  }

  /** Creates the tenant, and the attacking functions in its schema. */
  static async create(database: AttackedDatabase, schema: string, user: string): Promise<HostileTenant> {
    const admin = new DatabaseAdmin(`postgresql://postgres@${database.place}`)
    const { connectionString } = await admin.createTenant({ schemaName: schema, username: user })
    const tenant = new HostileTenant(database, schema, user, connectionString)
    await tenant.run(tenant.#functions())
    return tenant
  }

  /** Runs statements as the tenant. Returns the rows of the last one. */
  async run(sql: string): Promise<readonly Record<string, unknown>[]> {
    return await administer(this.url, sql)
  }

  /** Returns the rights that the tenant has gained since the last call, and revokes them. */
  async gains(): Promise<readonly string[]> {
    const [found] = await administer(
      this.#database.url,
      `SELECT rolsuper AS "SUPERUSER", rolcreaterole AS "CREATEROLE", rolcreatedb AS "CREATEDB",
              EXISTS (SELECT 1 FROM pg_auth_members m WHERE m.member = r.oid) AS "membership in a role"
         FROM pg_roles r WHERE rolname = '${this.user}'`,
    )
    const gains = Object.entries(found ?? {}).flatMap(([right, has]) => (has === true ? [right] : []))
    if (gains.length > 0) {
      const alterRole = `ALTER ROLE ${this.user} NOSUPERUSER NOCREATEROLE NOCREATEDB`
      await administer(this.#database.url, `${alterRole}; REVOKE pg_execute_server_program FROM ${this.user}`)
    }
    if (!existsSync(this.#marker)) return gains
    rmSync(this.#marker)
    return [...gains, 'a program on the server']
  }

  /**
   * Returns statements that create `escape()` for queries and defaults, `escape_trigger()` for triggers, and
   * `escape_immutable()` for expressions that the planner evaluates.
   */
  #functions(): string {
    const { schema, user } = this
    // `escape_immutable` calls `escape`, because the server refuses to alter roles in an immutable function.
    const steps = [
      "PERFORM set_config('role', 'none', true)",
      "EXECUTE 'RESET SESSION AUTHORIZATION'",
      `PERFORM set_config('role', r.rolname, true) FROM pg_catalog.pg_roles r
       WHERE (rolsuper OR rolcreaterole) AND pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')
       ORDER BY rolsuper, r.rolname <> session_user`,
      `EXECUTE 'ALTER ROLE ${user} SUPERUSER'`,
      `EXECUTE 'ALTER ROLE ${user} CREATEROLE CREATEDB'`,
      `EXECUTE 'GRANT pg_execute_server_program TO ${user}'`,
      `EXECUTE $copy$COPY (SELECT 1) TO PROGRAM 'touch ${this.#marker}'$copy$`,
    ]
    const tried = steps.map((step) => `BEGIN ${step}; EXCEPTION WHEN OTHERS THEN NULL; END;`).join('\n')
    return `
      CREATE FUNCTION ${schema}.escape() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN ${tried} RETURN 1; END $$;
      CREATE FUNCTION ${schema}.escape_immutable(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
        $$ BEGIN RETURN ${schema}.escape(); END $$;
      CREATE FUNCTION ${schema}.escape_trigger() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM ${schema}.escape(); RETURN coalesce(NEW, OLD); END $$`
  }
}

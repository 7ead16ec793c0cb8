/**
 * Removal of a tenant with its users, and rejection of schemas and users that do not belong to a tenant.
 */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { DatabaseAdmin } from '../../src/tenants/database-admin.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { administer, type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import { START } from '../support/store-builders.ts'

/** Names of the users in this file. Users belong to the whole server, so no other file uses these names. */
const USERS = ['r_acme', 'r_second', 'r_other', 'r_app']

let database: TemporaryDatabase
let admin: DatabaseAdmin

beforeAll(async () => {
  database = await temporaryDatabase()
  admin = new DatabaseAdmin(`postgresql://postgres@${database.place}`)
})
afterEach(() =>
  sql(`DROP SCHEMA IF EXISTS acme, billing, other CASCADE;
    DO $$ DECLARE each text; BEGIN
      FOR each IN SELECT rolname FROM pg_roles WHERE rolname = ANY ('{${USERS.join()}}') LOOP
        EXECUTE format('DROP OWNED BY %I CASCADE', each); EXECUTE format('DROP ROLE %I', each); END LOOP; END $$`),
)
afterAll(() => database?.[Symbol.asyncDispose]())

const sql = (text: string, url = database.url) => administer(url, text)

async function namesLeft(): Promise<{ readonly users: readonly unknown[]; readonly schemas: readonly unknown[] }> {
  const users = await sql(`SELECT rolname FROM pg_roles WHERE rolname = ANY ('{${USERS.join()}}') ORDER BY 1`)
  const schemas = await sql("SELECT nspname FROM pg_namespace WHERE nspname IN ('acme', 'billing', 'other') ORDER BY 1")
  return { users: users.map(({ rolname }) => rolname), schemas: schemas.map(({ nspname }) => nspname) }
}

describe('removing a tenant', () => {
  it('removes every user that was created for its schema, even one without its search path', async () => {
    await admin.createTenant({ schemaName: 'acme', username: 'r_acme' })
    const second = await admin.createTenant({ schemaName: 'acme', username: 'r_second' })
    await sql(`ALTER ROLE r_second IN DATABASE ${database.name} RESET search_path`, second.connectionString)

    expect(await admin.listTenants()).toMatchObject([{ schemaName: 'acme', usernames: ['r_acme', 'r_second'] }])
    await admin.removeTenant('acme', 'r_acme')

    expect(await namesLeft()).toEqual({ users: [], schemas: [] })
  })

  it('keeps users of other tenants, even if their search path names its schema', { tags: ['proof'] }, async () => {
    await admin.createTenant({ schemaName: 'acme', username: 'r_acme' })
    const other = await admin.createTenant({ schemaName: 'other', username: 'r_other' })
    await sql(`ALTER ROLE r_other IN DATABASE ${database.name} SET search_path TO acme`, other.connectionString)

    await admin.removeTenant('acme', 'r_acme')

    expect(await namesLeft()).toEqual({ users: ['r_other'], schemas: ['other'] })
  })

  it('removes a user whose schema no longer exists, and no longer lists the tenant', async () => {
    await admin.createTenant({ schemaName: 'acme', username: 'r_acme' })
    await sql('DROP SCHEMA acme CASCADE')

    expect(await admin.listTenants()).toEqual([{ schemaName: 'acme', usernames: ['r_acme'], bytes: 0 }])
    await admin.removeTenant('acme', 'r_acme')

    expect(await admin.listTenants()).toEqual([])
    expect(await namesLeft()).toEqual({ users: [], schemas: [] })
  })
})

describe('removing a schema or a user that does not belong to a tenant', () => {
  const prepare = async () => {
    await sql("CREATE SCHEMA billing; CREATE TABLE billing.invoices (id int); CREATE ROLE r_app LOGIN PASSWORD 'pw'")
    await admin.createTenant({ schemaName: 'acme', username: 'r_acme' })
    await (
      await openPostgresStore({
        url: database.url,
        schema: 'other',
        durability: 'normal',
        clock: new ManualClock(START),
      })
    ).close()
  }

  it.each([
    ['a schema without tables of cloaca', 'billing', 'nobody_u', /^Schema "billing" is not a tenant/],
    [
      'a schema with tables of cloaca but without a tenant',
      'other',
      'nobody_u',
      /^User "nobody_u" was not created for .*users of this schema: none/,
    ],
    ['a tenant with a user that does not exist', 'acme', 'nobody_u', /^User "nobody_u" was not created for .*"r_acme"/],
    ['a tenant with a user of another program', 'acme', 'r_app', /^User "r_app" was not created for .*"r_acme"/],
    ['a user of another program', 'missing', 'r_app', /^User "r_app" was not created for/],
  ])('is rejected without any change: %s', { tags: ['proof'] }, async (_, schema, user, message) => {
    await prepare()

    await expect(admin.removeTenant(schema, user)).rejects.toMatchObject({
      code: 'NOT_A_TENANT',
      message: expect.stringMatching(message),
    })

    expect(await namesLeft()).toEqual({ users: ['r_acme', 'r_app'], schemas: ['acme', 'billing', 'other'] })
  })

  it('succeeds with the option "force"', async () => {
    await prepare()

    await admin.removeTenant('billing', 'r_app', { force: true })

    expect(await namesLeft()).toEqual({ users: ['r_acme'], schemas: ['acme', 'other'] })
  })

  it('succeeds if neither the schema nor the user exists', async () => {
    await admin.removeTenant('missing', 'nobody_u')

    expect(await namesLeft()).toEqual({ users: [], schemas: [] })
  })
})

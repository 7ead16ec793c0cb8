/** Users whose sessions can become more than the users: the code of a tenant must not run in them. */

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { type AttackedDatabase, HostileTenant } from '../support/hostile-tenant.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { administer, postgresServer, type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import { FIRST_PAGE, START } from '../support/store-builders.ts'

/** Names of the users in this file. Users belong to the whole server, so no other file uses these names. */
const USERS = ['a_evil', 'a_root', 'a_member', 'a_group']
const PLANTED =
  'ALTER TABLE evil.executions RENAME TO was; CREATE VIEW evil.executions AS ' +
  'SELECT * FROM evil.was WHERE evil.escape() = 1'

let attacked: AttackedDatabase & TemporaryDatabase
let tenant: HostileTenant

beforeAll(async () => {
  attacked = { ...(await temporaryDatabase()), server: await postgresServer() }
})
beforeEach(async () => {
  tenant = await HostileTenant.create(attacked, 'evil', 'a_evil')
})
afterEach(() =>
  sql(`ALTER DATABASE "${attacked.name}" OWNER TO postgres; DROP SCHEMA evil CASCADE; DO $$ DECLARE each text; BEGIN
    FOR each IN SELECT rolname FROM pg_roles WHERE rolname = ANY ('{${USERS.join()}}') LOOP
      EXECUTE format('DROP OWNED BY %I CASCADE', each); EXECUTE format('DROP ROLE %I', each); END LOOP; END $$`),
)
afterAll(() => attacked?.[Symbol.asyncDispose]())

const sql = (text: string) => administer(attacked.url, text)

async function use(url: string): Promise<void> {
  const store = await openPostgresStore({
    ...{ url, schema: 'evil', readOnly: true, durability: 'normal', clock: new ManualClock(START) },
  })
  try {
    await store.listExecutions(FIRST_PAGE)
  } finally {
    await store.close()
  }
}

const GRANTS = {
  'is a member of the tenant': () => sql('GRANT a_evil TO a_root'),
  'received rights from the tenant': () =>
    tenant.run('GRANT USAGE ON SCHEMA evil TO a_root; GRANT SELECT ON ALL TABLES IN SCHEMA evil TO a_root'),
} as const
const MEMBER = 'is a member of the tenant'
const GRANTED = 'received rights from the tenant'

it.each([
  [MEMBER, 'may create roles', 'ALTER ROLE a_root CREATEROLE'],
  [MEMBER, 'may run programs on the server', 'GRANT pg_execute_server_program TO a_root'],
  [MEMBER, 'may replicate', 'ALTER ROLE a_root REPLICATION'],
  [MEMBER, 'is not subject to row security', 'ALTER ROLE a_root BYPASSRLS'],
  [MEMBER, 'is a member of a superuser', 'ALTER ROLE a_member SUPERUSER; GRANT a_member TO a_root'],
  [GRANTED, 'is a member of a superuser', 'ALTER ROLE a_member SUPERUSER; GRANT a_member TO a_root'],
  [
    MEMBER,
    'acts as a superuser from its login on',
    'ALTER ROLE a_member SUPERUSER; GRANT a_member TO a_root; ALTER ROLE a_root SET role = a_member',
  ],
  [
    MEMBER,
    'is indirectly a member of a role that may create roles',
    'ALTER ROLE a_group CREATEROLE; GRANT a_group TO a_member; GRANT a_member TO a_root',
  ],
  [GRANTED, 'owns the database', 'ALTER DATABASE "%DATABASE%" OWNER TO a_root'],
  [
    MEMBER,
    'is a member of the user of another tenant',
    "GRANT a_member TO a_root; COMMENT ON ROLE a_member IS 'cloaca tenant of schema other in database %DATABASE%'",
  ],
] as const)(
  'code of a tenant is not run by a user who %s and %s',
  { tags: ['proof'] },
  async (grant, _right, statements) => {
    await sql(`CREATE ROLE a_root LOGIN PASSWORD 'pw'; CREATE ROLE a_member; CREATE ROLE a_group`)
    await sql(statements.replace('%DATABASE%', attacked.name))
    await tenant.run(PLANTED)
    await GRANTS[grant]()

    await expect(use(`postgresql://a_root:pw@${attacked.place}`)).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringContaining('"a_root"'),
    })
    expect(await tenant.gains()).toEqual([])
  },
)

it('a member of the tenant who cannot become anything else opens its schema', async () => {
  await sql("CREATE ROLE a_root LOGIN PASSWORD 'pw'; GRANT a_evil TO a_root")

  await use(`postgresql://a_root:pw@${attacked.place}`)

  expect(await tenant.gains()).toEqual([])
})

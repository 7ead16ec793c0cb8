/** A tenant that plants code in its schema, or takes locks, without reaching administrators or other tenants. */

import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { DatabaseAdmin } from '../../src/tenants/database-admin.ts'
import { type AttackedDatabase, HostileTenant } from '../support/hostile-tenant.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { administer, postgresServer, type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import { declaration, FIRST_PAGE, newExecution, START } from '../support/store-builders.ts'

/** Names of the users in this file. Users belong to the whole server, so no other file uses these names. */
const USERS = ['h_evil', 'h_second', 'h_other', 'h_root', 'h_member', 'h_group']

let attacked: AttackedDatabase & TemporaryDatabase
let admin: DatabaseAdmin
let tenant: HostileTenant

beforeAll(async () => {
  const database = await temporaryDatabase()
  attacked = { ...database, server: await postgresServer() }
  admin = new DatabaseAdmin(`postgresql://postgres@${database.place}`)
})
beforeEach(async () => {
  tenant = await HostileTenant.create(attacked, 'evil', 'h_evil')
})
afterEach(() =>
  sql(`DO $$ DECLARE each text; BEGIN
    FOR each IN SELECT nspname FROM pg_namespace WHERE nspname ~ '^(evil|other|own|billing)' LOOP
      EXECUTE format('DROP SCHEMA %I CASCADE', each); END LOOP;
    FOR each IN SELECT rolname FROM pg_roles WHERE rolname = ANY ('{${USERS.join()}}') LOOP
      EXECUTE format('DROP OWNED BY %I CASCADE', each); EXECUTE format('DROP ROLE %I', each); END LOOP;
    DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION pg_database_owner; END $$`),
)
afterAll(() => attacked?.[Symbol.asyncDispose]())

const sql = (text: string) => administer(attacked.url, text)

const ESCAPE = 'LANGUAGE sql AS $$ SELECT evil.escape()::bigint $$'

interface Opening {
  readonly url?: string
  readonly schema?: string | null
  readonly readOnly?: boolean
}

async function open({ url = attacked.url, schema = 'evil', readOnly = false }: Opening = {}): Promise<Store> {
  return await openPostgresStore({ url, schema, readOnly, durability: 'normal', clock: new ManualClock(START) })
}

/** Opens a database and calls the store as an operator would: lists, and, unless read-only, writes and prunes. */
async function use(opening: Opening): Promise<void> {
  const store = await open(opening)
  try {
    await store.listExecutions(FIRST_PAGE)
    await store.listTriggers({ ...FIRST_PAGE, enabledOnly: false })
    if (opening.readOnly === true) return
    await store.saveTriggers([declaration()], START)
    await store.createExecution(newExecution(), { kind: 'call' }, START)
    await store.prune({ skippedMs: 1, failedMs: 1, endedMs: 1, firingsMs: 1, keysMs: 1 }, START)
  } finally {
    await store.close()
  }
}

/** Statements that plant code, each with the name of the object that contains the code. */
const PLANTS: readonly (readonly [name: string, sql: string])[] = [
  [
    'a view in the place of the table of versions',
    'ALTER TABLE evil.cloaca_schema RENAME TO was; CREATE VIEW evil.cloaca_schema AS ' +
      'SELECT evil.escape() AS version, 1::bigint AS applied_at, NULL::text AS channel',
  ],
  [
    'a view in the place of a table',
    'ALTER TABLE evil.executions RENAME TO was; CREATE VIEW evil.executions AS ' +
      'SELECT * FROM evil.was WHERE evil.escape() = 1',
  ],
  [
    'triggers on the table of versions, with a lowered version',
    'DELETE FROM evil.cloaca_schema WHERE version > 4; ALTER TABLE evil.cloaca_schema DROP COLUMN channel;' +
      'CREATE TRIGGER planted AFTER INSERT OR UPDATE ON evil.cloaca_schema ' +
      'FOR EACH ROW EXECUTE FUNCTION evil.escape_trigger()',
  ],
  [
    'a row security policy',
    'ALTER TABLE evil.cloaca_schema ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;' +
      'CREATE POLICY planted ON evil.cloaca_schema USING (evil.escape() = 1)',
  ],
  [
    'the condition of an index, which the planner evaluates',
    'CREATE INDEX planted ON evil.cloaca_schema (applied_at) WHERE evil.escape_immutable(1) = 1',
  ],
  [
    'a function that takes precedence over a function of the server',
    'CREATE FUNCTION evil.nextval(text) RETURNS bigint LANGUAGE sql AS $$ SELECT evil.escape()::bigint $$',
  ],
]

describe('code that a tenant has planted', () => {
  it.each(PLANTS)(
    'gains no rights when a second user is created for its schema: %s',
    { tags: ['proof'] },
    async (_, planted) => {
      await tenant.run(planted)

      await admin.createTenant({ schemaName: 'evil', username: 'h_second' }).catch(() => undefined)

      expect(await tenant.gains()).toEqual([])
    },
  )

  it.each(PLANTS)(
    'gains no rights from a superuser, who is kept from opening its schema: %s',
    { tags: ['proof'] },
    async (_, planted) => {
      await tenant.run(planted)

      for (const readOnly of [true, false]) {
        await expect(use({ readOnly })).rejects.toMatchObject({
          code: 'DATABASE_UNAVAILABLE',
          message: expect.stringMatching(
            /^Cannot open schema "evil" as administrator "postgres": code that user "h_evil" can .*Open .* as "h_evil"/,
          ),
        })
      }

      expect(await tenant.gains()).toEqual([])
    },
  )

  it('gains no rights when an administrator creates the tables that the tenant has dropped', {
    tags: ['proof'],
  }, async () => {
    const functions = ['nextval(text)', 'setval(text, bigint)', 'format(text, text)', 'to_regclass(unknown_text)']
    await tenant.run(`
      DO $$ DECLARE each text; BEGIN
        FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'evil' LOOP
          EXECUTE format('DROP TABLE IF EXISTS evil.%I CASCADE', each); END LOOP;
        FOR each IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'evil' LOOP
          EXECUTE format('DROP SEQUENCE evil.%I', each); END LOOP; END $$;
      CREATE DOMAIN evil.unknown_text AS text;
      ${functions.map((each) => `CREATE FUNCTION evil.${each} RETURNS bigint ${ESCAPE}`).join(';')}`)

    const { connectionString } = await admin.createTenant({ schemaName: 'evil', username: 'h_second' })

    expect(await tenant.gains()).toEqual([])
    expect(await administer(connectionString, 'SELECT count(*)::int AS count FROM triggers')).toEqual([{ count: 0 }])
    const owners = `SELECT DISTINCT relowner::regrole::text AS owner FROM pg_class
      WHERE relnamespace = 'evil'::regnamespace AND relkind IN ('r', 'p', 'S')`
    expect(await sql(owners)).toEqual([{ owner: 'h_second' }])
    expect(await sql("SELECT nspname FROM pg_namespace WHERE nspname ~ '^cloaca_'")).toEqual([])
  })

  it('gains no rights in a writable schema "public" when tenants are listed, created and removed', {
    tags: ['proof'],
  }, async () => {
    await sql('GRANT CREATE ON SCHEMA public TO PUBLIC; GRANT USAGE ON SCHEMA public TO PUBLIC')
    const operator = (left: string, right: string) => `
      CREATE FUNCTION public.joined(${left}, ${right}) RETURNS text LANGUAGE sql AS $$ SELECT evil.escape()::text $$;
      CREATE OPERATOR public.|| (LEFTARG = ${left}, RIGHTARG = ${right}, FUNCTION = public.joined)`
    await tenant.run(`GRANT USAGE ON SCHEMA evil TO PUBLIC; ${operator('text', 'name')}; ${operator('name', 'name')};
      CREATE FUNCTION public.pg_total_relation_size(oid) RETURNS bigint ${ESCAPE};
      CREATE FUNCTION public.pg_has_role(name, name, text) RETURNS boolean
        LANGUAGE sql AS $$ SELECT evil.escape() = 1 $$;
      CREATE FUNCTION public.hashtext(varchar) RETURNS integer LANGUAGE sql AS $$ SELECT evil.escape() $$`)

    await admin.listTenants()
    await admin.createTenant({ schemaName: 'other', username: 'h_other' })
    await admin.removeTenant('other', 'h_other')

    expect(await tenant.gains()).toEqual([])
  })

  it('is not run by a superuser who opens its own schema after a tenant was added to it', {
    tags: ['proof'],
  }, async () => {
    await use({ schema: 'own' })
    const { connectionString } = await admin.createTenant({ schemaName: 'own', username: 'h_other' })
    await administer(
      connectionString,
      'CREATE FUNCTION own.nextval(text) RETURNS bigint LANGUAGE sql AS $$ SELECT 1::bigint $$',
    )

    await expect(use({ schema: 'own' })).rejects.toMatchObject({ message: expect.stringContaining('"h_other"') })
  })

  it('is not run by a superuser who opens "public" while everybody may create functions in it', {
    tags: ['proof'],
  }, async () => {
    await use({ schema: null })
    await sql('GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC; GRANT USAGE ON SCHEMA evil TO PUBLIC')
    await tenant.run(
      'CREATE FUNCTION public.nextval(text) RETURNS bigint LANGUAGE sql AS $$ SELECT evil.escape()::bigint $$',
    )

    await expect(use({ schema: null })).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringMatching(
        /^Other users can create functions .*REVOKE CREATE ON SCHEMA "public" FROM PUBLIC$/,
      ),
    })

    expect(await tenant.gains()).toEqual([])
  })

  it('is not run by an administrator who opens a schema of a group that includes the tenant', {
    tags: ['proof'],
  }, async () => {
    await sql(`CREATE ROLE h_root LOGIN PASSWORD 'pw' CREATEROLE; CREATE ROLE h_group NOLOGIN; GRANT h_group TO h_evil;
      CREATE SCHEMA inherited AUTHORIZATION h_group`)

    const opened = use({ url: `postgresql://h_root:pw@${attacked.place}`, schema: 'inherited' })
    await expect(opened).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringMatching(/^Other users can create functions .* without administrator rights$/),
    })
  })

  it('is not run by a superuser who opens "public" if another user owns any table of cloaca in it', {
    tags: ['proof'],
  }, async () => {
    // Without cloaca's comment on its role, the tenant is an ordinary user of the database.
    await sql('GRANT CREATE, USAGE ON SCHEMA public TO h_evil; COMMENT ON ROLE h_evil IS NULL')
    const ours = await sql(`SELECT relname AS name FROM pg_class c
      WHERE relnamespace = 'evil'::regnamespace AND relkind IN ('r', 'p', 'S')
      AND NOT relispartition AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = c.oid AND deptype = 'i')`)
    expect(ours.length).toBeGreaterThan(20)

    for (const { name } of ours) {
      await tenant.run(`CREATE VIEW public.${name} AS SELECT evil.escape() AS seq`)
      await expect(use({ schema: null }), String(name)).rejects.toMatchObject({
        code: 'DATABASE_UNAVAILABLE',
        message: expect.stringMatching(
          new RegExp(`^Cannot open schema "public": user "h_evil" owns "${name}" in this schema.*OWNER TO "postgres"`),
        ),
      })
      await tenant.run(`DROP VIEW public.${name}`)
    }

    expect(await tenant.gains()).toEqual([])
  })
})

describe('a schema that is not a tenant', () => {
  it('can be opened by a superuser, whether it is "public" or another schema', async () => {
    await use({ schema: null })
    await use({ schema: null, readOnly: true })
    await use({ schema: 'own' })

    const tables =
      "SELECT schemaname, tableowner FROM pg_tables WHERE tablename = 'triggers' AND schemaname <> 'evil' ORDER BY 1"
    expect(await sql(tables)).toEqual([
      { schemaname: 'own', tableowner: 'postgres' },
      { schemaname: 'public', tableowner: 'postgres' },
    ])
  })

  it('is opened in the role that owns it by a member of that role', async () => {
    await sql(`CREATE ROLE h_group; CREATE ROLE h_member LOGIN PASSWORD 'pw' IN ROLE h_group;
      CREATE SCHEMA own AUTHORIZATION h_group`)

    await use({ url: `postgresql://h_member:pw@${attacked.place}`, schema: 'own' })

    expect(await sql("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'own'")).toEqual([
      { tableowner: 'h_group' },
    ])
  })

  it('is opened in the role of the member who created its tables', async () => {
    await sql(`CREATE ROLE h_group; CREATE ROLE h_member LOGIN PASSWORD 'pw' IN ROLE h_group;
      CREATE SCHEMA own AUTHORIZATION h_member`)
    const url = `postgresql://h_member:pw@${attacked.place}`
    await use({ url, schema: 'own' })
    await sql('ALTER SCHEMA own OWNER TO h_group; GRANT ALL ON SCHEMA own TO h_member')

    await use({ url, schema: 'own' })

    expect(await sql("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'own'")).toEqual([
      { tableowner: 'h_member' },
    ])
  })

  it('causes a warning when a superuser opens it and other users may create functions in it', async () => {
    await admin.removeTenant('evil', 'h_evil')
    await sql('GRANT CREATE ON SCHEMA public TO PUBLIC')
    const notices: string[] = []

    const store = await openPostgresStore({
      url: attacked.url,
      durability: 'normal',
      clock: new ManualClock(START),
      notice: (message) => notices.push(message),
    })
    await store.close()

    expect(notices).toEqual([
      expect.stringMatching(/administrator "postgres".*REVOKE CREATE ON SCHEMA "public" FROM PUBLIC/),
    ])
  })
})

describe('locks that a tenant takes', () => {
  let holder: pg.Client
  beforeEach(async () => {
    holder = new pg.Client({ connectionString: tenant.url })
    await holder.connect()
    // Takes the same locks as earlier versions of cloaca.
    for (const schema of ['other', 'own']) {
      await holder.query(
        `SELECT pg_advisory_lock(${0x636c6f61}, hashtext('${schema}')),
                pg_advisory_lock(${0x636c6f62}, hashtext('${schema}'))`,
      )
    }
    await holder.query("SELECT pg_advisory_lock(hashtext('cloaca tenants'))")
  })
  afterEach(() => holder.end())

  it('prevent neither the creation and removal of tenants nor the upkeep of other schemas', async () => {
    const other = await admin.createTenant({ schemaName: 'other', username: 'h_other' })
    await use({ url: other.connectionString, schema: null })
    await use({ schema: 'own' })

    const parts = await sql(
      `SELECT count(*)::int AS count FROM pg_inherits
       WHERE inhparent IN ('other.executions'::regclass, 'own.executions'::regclass)`,
    )
    // Each schema has a default part, and a part that was created in advance.
    expect(parts).toEqual([{ count: 4 }])
    await admin.removeTenant('other', 'h_other')
    expect(await sql("SELECT 1 FROM pg_roles WHERE rolname = 'h_other'")).toEqual([])
  })
})

describe('notifications', () => {
  it('are not received by another tenant', { tags: ['proof'] }, async () => {
    const other = await admin.createTenant({ schemaName: 'other', username: 'h_other' })
    const spy = new pg.Client({ connectionString: tenant.url })
    await spy.connect()
    const heard: unknown[] = []
    spy.on('notification', (notification) => heard.push(notification))
    // Listens to a channel name that everybody can compute. Earlier versions used the digest of the schema's name.
    await spy
      .query("SELECT format('LISTEN cloaca_%s', left(encode(sha256('other'), 'hex'), 16)) AS listen")
      .then(({ rows }) => spy.query(rows[0].listen))

    const [one, two] = [
      await open({ url: other.connectionString, schema: null }),
      await open({ url: other.connectionString, schema: null }),
    ]
    const noticed = new Promise<void>((resolve) => one.onForeignChange(resolve))
    await two.saveTriggers([declaration()], START)
    await noticed
    await spy.query('SELECT 1')
    await Promise.all([one.close(), two.close()])

    const denied = await spy.query('SELECT channel FROM other.cloaca_schema').catch((error: Error) => error.message)
    await spy.end()
    expect(heard).toEqual([])
    expect(denied).toBe('permission denied for schema other')
    const [channels] = await sql(
      `SELECT o.channel AS other, e.channel AS evil FROM other.cloaca_schema o, evil.cloaca_schema e
       WHERE o.version = 100 AND e.version = 100`,
    )
    expect(channels?.other).toMatch(/^cloaca_[0-9a-f]{32}$/)
    expect(channels?.evil).not.toBe(channels?.other)
  })
})

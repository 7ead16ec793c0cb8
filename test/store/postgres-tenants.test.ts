/** Creation, separation and removal of the tenants of a PostgreSQL database, on a real server. */

import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { DatabaseAdmin } from '../../src/tenants/database-admin.ts'
import { scramVerifier } from '../../src/tenants/scram.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { administer, postgresServer, type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import { declaration, newExecution, START } from '../support/store-builders.ts'

/** Names of the users in this file. Users belong to the whole server, so no other file uses these names. */
const USERS = ['t_acme', 't_beta', 't_root', 't_third', ...Array.from({ length: 6 }, (_, index) => `t_many${index}`)]

let database: TemporaryDatabase
let admin: DatabaseAdmin
beforeAll(async () => {
  database = await temporaryDatabase()
  admin = new DatabaseAdmin(`postgresql://postgres@${database.place}?sslmode=require`)
})
afterEach(() => wipe())
afterAll(() => database?.[Symbol.asyncDispose]())

async function sql(text: string, url = database.url) {
  return await administer(url, text)
}

async function wipe() {
  await sql(`GRANT CONNECT ON DATABASE ${database.name} TO PUBLIC`)
  await sql(`DO $$ DECLARE each text; BEGIN
    FOR each IN SELECT nspname FROM pg_namespace WHERE nspname ~* '^(acme|beta|many|own)' LOOP
      EXECUTE format('DROP SCHEMA %I CASCADE', each); END LOOP;
    FOR each IN SELECT rolname FROM pg_roles WHERE rolname = ANY ('{${USERS.join()}}') LOOP
      EXECUTE format('DROP OWNED BY %I CASCADE', each); EXECUTE format('DROP ROLE %I', each); END LOOP; END $$`)
}

async function names(): Promise<{ users: unknown[]; schemas: unknown[] }> {
  const users = await sql(`SELECT rolname FROM pg_roles WHERE rolname = ANY ('{${USERS.join()}}') ORDER BY 1`)
  const schemas = await sql(`SELECT nspname FROM pg_namespace WHERE nspname ~ '^(acme|beta|own)' ORDER BY 1`)
  return { users: users.map(({ rolname }) => rolname), schemas: schemas.map(({ nspname }) => nspname) }
}

async function open(url: string, schema: string | null = null) {
  return await openPostgresStore({ url, schema, durability: 'normal', clock: new ManualClock(START) })
}

describe('a new tenant', () => {
  it('finds its tables by its URL alone, and shares them with stores that name its schema', async () => {
    const { connectionString } = await admin.createTenant({ schemaName: 'Acme_1', username: 't_acme' })

    const byUser = await open(connectionString)
    const bySchema = await open(connectionString, 'Acme_1')
    await byUser.saveTriggers([declaration()], START)
    const seen = await bySchema.listTriggers({ enabledOnly: false, limit: 10, offset: 0 })
    await Promise.all([byUser.close(), bySchema.close()])

    expect(seen.map(({ name }) => name)).toEqual(['inbox'])
    expect(await sql(`SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'Acme_1'`)).toEqual([
      { tableowner: 't_acme' },
    ])
  })

  it('can be opened for the first time by four stores at once, with or without the schema name', async () => {
    await sql(
      `CREATE ROLE t_third LOGIN PASSWORD 'pw'; CREATE SCHEMA own AUTHORIZATION t_third;
       ALTER ROLE t_third SET search_path TO own`,
    )
    const url = `postgresql://t_third:pw@${database.place}`

    const stores = await Promise.all([null, 'own', null, 'own'].map((schema) => open(url, schema)))
    await Promise.all(stores.map((store) => store.close()))

    expect(await sql("SELECT count(*)::int AS count FROM pg_tables WHERE tablename = 'cloaca_schema'")).toEqual([
      { count: 1 },
    ])
  })

  it('has rights in its own schema, and none in the schema of another tenant', { tags: ['proof'] }, async () => {
    const acme = await admin.createTenant({ schemaName: 'acme', username: 't_acme' })
    await admin.createTenant({ schemaName: 'beta', username: 't_beta' })

    const refusals = await Promise.all(
      ['SELECT * FROM beta.triggers', 'CREATE SCHEMA own'].map((text) =>
        sql(text, acme.connectionString).catch(({ message }: Error) => message),
      ),
    )

    expect(refusals).toEqual(['permission denied for schema beta', `permission denied for database ${database.name}`])
    expect(
      await sql(
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls AS may FROM pg_roles WHERE rolname = 't_acme'",
      ),
    ).toEqual([{ may: false }])
  })

  it('gets a random password of 32 letters and digits, and cannot connect with another password', async () => {
    const made = await admin.createTenant({ schemaName: 'acme', username: 't_acme' })
    const other = await admin.createTenant({ schemaName: 'beta', username: 't_beta', password: '' })

    expect(made.password).toMatch(/^[A-Za-z0-9]{32}$/)
    expect(other.password).toMatch(/^[A-Za-z0-9]{32}$/)
    expect(other.password).not.toBe(made.password)
    await expect(open(made.connectionString.replace(made.password, other.password))).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      cause: { code: '28P01' },
    })
  })

  it('connects with a password that contains special characters', async () => {
    const password = 'p@s/w:o#r?d %25 \\\' "$$ é ﬁ ＡＢ\u00AD'

    const { connectionString } = await admin.createTenant({ schemaName: 'acme', username: 't_acme', password })

    expect(await sql('SELECT current_user, current_schema', connectionString)).toEqual([
      { current_user: 't_acme', current_schema: 'acme' },
    ])
  })

  it('gets the same SCRAM verifier that the server computes from the same password and salt', async () => {
    const password = 'plain ﬁ ＡＢ\u00AD\u3000x'
    await sql(`SET password_encryption = 'scram-sha-256'; CREATE ROLE t_third PASSWORD '${password}'`)
    const [made] = await sql("SELECT rolpassword FROM pg_authid WHERE rolname = 't_third'")
    const salt = Buffer.from(/:([^$]+)/.exec(String(made?.rolpassword))?.[1] ?? '', 'base64')

    expect(await scramVerifier(password, salt)).toBe(made?.rolpassword)
  })

  it.each(['PGPASSWORD', 'PGPASSFILE'])('connects with a URL without a password if %s is set', async (variable) => {
    const { password } = await admin.createTenant({ schemaName: 'acme', username: 't_acme' })
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'pgpass')
    writeFileSync(file, `*:*:*:t_acme:${password}\n`, { mode: 0o600 })
    vi.stubEnv(variable, variable === 'PGPASSWORD' ? password : file)

    const store = await open(`postgresql://t_acme@${database.place}`)
    const triggers = await store.listTriggers({ enabledOnly: false, limit: 10, offset: 0 })
    await store.close()
    vi.unstubAllEnvs()

    expect(triggers).toEqual([])
  })

  it('is printed without its password by inspect, JSON.stringify and String', { tags: ['proof'] }, async () => {
    const made = await admin.createTenant({ schemaName: 'acme', username: 't_acme' })
    const { inspect } = await import('node:util')

    for (const shown of [inspect(made), JSON.stringify(made), String(made), inspect({ made }), inspect(admin)])
      expect(shown).not.toContain(made.password)
  })

  it('leaves no password in the log of the server, even if the server logs all statements', {
    tags: ['proof'],
  }, async () => {
    const url = (await postgresServer()).url('postgres')
    await sql(
      `ALTER DATABASE ${database.name} SET log_statement = 'all';
       ALTER DATABASE ${database.name} SET log_min_messages = 'log'`,
      url,
    )

    await admin.createTenant({ schemaName: 'acme', username: 't_acme', password: 'marker-of-tenant' })
    await sql(
      `ALTER DATABASE ${database.name} RESET log_statement; ALTER DATABASE ${database.name} RESET log_min_messages`,
      url,
    )

    const log = (await postgresServer()).log()
    expect(log).toMatch(/CREATE ROLE "t_acme".*SCRAM-SHA-256\$4096:/)
    expect(log).not.toContain('marker-of-tenant')
  })

  it('gets the rights to an existing schema and its tables, as the first or the second user', async () => {
    await (await open(database.url, 'acme')).close()
    const { connectionString } = await admin.createTenant({ schemaName: 'acme', username: 't_acme' })
    const second = await admin.createTenant({ schemaName: 'acme', username: 't_beta' })

    for (const url of [connectionString, second.connectionString]) {
      const store = await open(url)
      await store.openInstance('one', START)
      await store.closeInstance('one', START)
      await store.close()
    }
    expect(await admin.listTenants()).toMatchObject([{ schemaName: 'acme', usernames: ['t_acme', 't_beta'] }])
  })

  it('can create its tables although it cannot create schemas', async () => {
    const { connectionString } = await admin.createTenant({ schemaName: 'acme', username: 't_acme' })
    await sql('DROP SCHEMA acme CASCADE; CREATE SCHEMA acme AUTHORIZATION t_acme')

    const store = await open(connectionString, 'acme')
    await store.close()

    expect(await sql("SELECT to_regclass('acme.cloaca_schema')::text AS name")).toEqual([
      { name: 'acme.cloaca_schema' },
    ])
  })

  it('can connect to a database to which PUBLIC cannot connect', async () => {
    await sql(`REVOKE CONNECT ON DATABASE ${database.name} FROM PUBLIC`)
    const { connectionString } = await admin.createTenant({ schemaName: 'acme', username: 't_acme' })
    const one = await sql('SELECT 1 AS one', connectionString)
    await admin.removeTenant('acme', 't_acme')

    expect(one).toEqual([{ one: 1 }])
    expect(await names()).toEqual({ users: [], schemas: [] })
  })

  it('can be created and removed at the same time as five other tenants', async () => {
    const many = Array.from({ length: 6 }, (_, index) => ({ schemaName: `many${index}`, username: `t_many${index}` }))

    await Promise.all(many.map((each) => admin.createTenant(each)))
    const listed = await admin.listTenants()
    await Promise.all(many.map(({ schemaName, username }) => admin.removeTenant(schemaName, username)))

    expect(listed.map(({ schemaName, usernames }) => [schemaName, ...usernames])).toEqual(
      many.map(({ schemaName, username }) => [schemaName, username]),
    )
    expect(listed.every(({ bytes }) => bytes > 10_000)).toBe(true)
    expect(await admin.listTenants()).toEqual([])
  })
})

describe('a tenant that cannot be created', () => {
  it('leaves the database unchanged if its user exists already', async () => {
    await admin.createTenant({ schemaName: 'acme', username: 't_acme' })

    const again = admin.createTenant({ schemaName: 'beta', username: 't_acme' })

    await expect(again).rejects.toMatchObject({
      code: 'DUPLICATE_USER',
      message: expect.stringContaining("Failed to create user 't_acme'"),
    })
    expect(await names()).toEqual({ users: ['t_acme'], schemas: ['acme'] })
  })

  it('leaves no user and no rights behind if its tables cannot be created', async () => {
    await sql('CREATE SCHEMA acme; CREATE TABLE acme.triggers (other int)')

    const making = admin.createTenant({ schemaName: 'acme', username: 't_acme' })

    await expect(making).rejects.toMatchObject({
      code: 'DATABASE_FAILED',
      message: expect.stringContaining('triggers'),
    })
    expect(await names()).toEqual({ users: [], schemas: ['acme'] })
    expect(await sql("SELECT count(*)::int AS count FROM pg_tables WHERE schemaname = 'acme'")).toEqual([{ count: 1 }])
  })

  it.each([
    ['1a', 't_acme', 'Invalid schema name: '],
    ['public', 't_acme', 'Invalid schema name: '],
    ['acme"; DROP SCHEMA beta', 't_acme', 'Invalid schema name: '],
    ['acme', 'pg_monitor', 'Invalid username: '],
  ])('is rejected without connecting if a name is invalid: %s, %s', async (schemaName, username, message) => {
    const nowhere = new DatabaseAdmin('postgresql://127.0.0.1:1/app')

    for (const asked of [nowhere.createTenant({ schemaName, username }), nowhere.removeTenant(schemaName, username)])
      await expect(asked).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) })
  })

  it('causes an error without the password if the server is away or rejects the password', {
    tags: ['proof'],
  }, async () => {
    await admin.createTenant({ schemaName: 'acme', username: 't_acme' })
    const urls = ['postgresql://u:marker-pw@127.0.0.1:1/app', `postgresql://t_acme:marker-pw@${database.place}`]

    for (const url of urls) {
      const error = await new DatabaseAdmin(url)
        .createTenant({ schemaName: 'beta', username: 't_beta' })
        .catch((e) => e)

      expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
      const { inspect } = await import('node:util')
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('marker-pw')
    }
  })
})

describe('a new tenant whose commit is not confirmed', () => {
  it('is returned if the commit has reached the server', async () => {
    const { socketFolder } = await postgresServer()
    let cuts = 0
    const proxy = createServer((client) => {
      const server = connect(`${socketFolder}/.s.PGSQL.5432`)
      let isCut = false
      client.on('data', (bytes) => {
        if (cuts === 0 && bytes.includes('COMMIT')) {
          cuts++
          isCut = true
        }
        server.write(bytes)
      })
      server.on('data', (bytes) => (isCut ? client.destroy() : client.write(bytes)))
      client.on('close', () => server.destroy()).on('error', () => {})
      server.on('close', () => client.destroy()).on('error', () => {})
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const { port } = proxy.address() as AddressInfo

    const cut = new DatabaseAdmin(`postgresql://postgres@127.0.0.1:${port}/${database.name}`)
    const made = await cut.createTenant({ schemaName: 'acme', username: 't_acme' })
    proxy.close()

    expect(cuts).toBe(1)
    expect(await sql('SELECT current_user', `postgresql://t_acme:${made.password}@${database.place}`)).toEqual([
      { current_user: 't_acme' },
    ])
  })
})

describe('the removal of a tenant', () => {
  it('succeeds while the engine of the tenant writes', async () => {
    const { connectionString } = await admin.createTenant({ schemaName: 'acme', username: 't_acme' })
    const store = await open(connectionString)
    let isOver = false
    const write = async (): Promise<void> => {
      while (!isOver) await store.createExecution(newExecution(), { kind: 'call' }, START).catch(() => undefined)
    }
    const writing = [write(), write(), write()]

    await admin.removeTenant('acme', 't_acme')
    isOver = true
    const closing = store.close().catch(() => undefined)
    await Promise.all([...writing, closing])

    expect(await names()).toEqual({ users: [], schemas: [] })
  })

  it('removes its schema, its user and its connections, and can be repeated', async () => {
    const { connectionString } = await admin.createTenant({ schemaName: 'acme', username: 't_acme' })
    const store = await open(connectionString)

    await admin.removeTenant('acme', 't_acme')
    await admin.removeTenant('acme', 't_acme')
    await store.close().catch(() => undefined)

    expect(await names()).toEqual({ users: [], schemas: [] })
  })

  it('fails without any change if its user owns a schema of its own', async () => {
    await admin.createTenant({ schemaName: 'acme', username: 't_acme' })
    await sql('CREATE SCHEMA own AUTHORIZATION t_acme')

    const removing = admin.removeTenant('acme', 't_acme')

    await expect(removing).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    expect(await names()).toEqual({ users: ['t_acme'], schemas: ['acme', 'own'] })
  })
})

describe('an administrator who is not a superuser', () => {
  it('creates and removes tenants with the rights to create roles and schemas', async () => {
    await sql(`CREATE ROLE t_root LOGIN CREATEROLE PASSWORD 'pw'; GRANT CREATE ON DATABASE ${database.name} TO t_root`)
    const root = new DatabaseAdmin(`postgresql://t_root:pw@${database.place}`)

    const { connectionString } = await root.createTenant({ schemaName: 'acme', username: 't_acme' })
    const rows = await sql('SELECT count(*)::int AS count FROM triggers', connectionString)
    const again = await root.createTenant({ schemaName: 'acme', username: 't_beta' })
    await sql('SELECT count(*) FROM triggers', again.connectionString)
    await root.removeTenant('acme', 't_beta')
    await root.removeTenant('acme', 't_acme')

    expect(rows).toEqual([{ count: 0 }])
    expect(await names()).toEqual({ users: ['t_root'], schemas: [] })
  })

  it('gets an error that names the missing right', async () => {
    await sql(`CREATE ROLE t_root LOGIN PASSWORD 'pw'`)

    const making = new DatabaseAdmin(`postgresql://t_root:pw@${database.place}`).createTenant({
      schemaName: 'acme',
      username: 't_acme',
    })

    await expect(making).rejects.toMatchObject({
      code: 'DATABASE_FAILED',
      message: expect.stringMatching(/Failed to create user 't_acme': permission denied to create role/),
    })
  })
})

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = mkdtempSync(join(tmpdir(), 'cloaca-pgpass-'))
  return { path, [Symbol.asyncDispose]: async () => rmSync(path, { recursive: true, force: true }) }
}

/** Command `cloaca tenant` on a real PostgreSQL server. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { administer, type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'

const PASSWORD = 'from stdin: ü/@'

let database: TemporaryDatabase
beforeAll(async () => {
  database = await temporaryDatabase()
})
afterAll(async () => {
  for (const user of ['t_cli', 't_cli_given']) {
    await administer(database.url, `DROP OWNED BY ${user} CASCADE; DROP ROLE ${user}`).catch(() => {})
  }
  await database?.[Symbol.asyncDispose]()
})

describe('cloaca tenant', () => {
  it('creates tenants that can connect, and prints their passwords once', async () => {
    await using terminal = new Terminal()
    const env = { CLOACA_DATABASE_URL: `postgresql://postgres@${database.place}` }

    const made = await terminal.run(['tenant', 'create', 'acme', 't_cli'], { env })
    const words = ['tenant', 'create', 'beta', 't_cli_given', '--password-stdin', '--connections', '7', '--json']
    const given = await terminal.run(words, { env, stdin: `${PASSWORD}\nmore\n` })
    const limits = "SELECT rolname, rolconnlimit FROM pg_roles WHERE rolname LIKE 't\\_cli%' ORDER BY 1"
    const connections = await administer(database.url, limits)
    const { connectionString } = JSON.parse(given.stdout)
    const used = await terminal.run(['status', '--json'], { env: { CLOACA_DATABASE_URL: connectionString } })

    expect(made).toMatchObject({ exitCode: 0, stderr: '' })
    const [, password] = /^password {2}([A-Za-z0-9]{32})$/m.exec(made.stdout) ?? []
    expect(made.stdout).toBe(
      `schema    acme\nuser      t_cli\npassword  ${password}\n` +
        `url       postgresql://t_cli:${password}@${database.place}\n`,
    )
    expect(JSON.parse(given.stdout)).toMatchObject({ schemaName: 'beta', username: 't_cli_given', password: PASSWORD })
    expect(connections.map(({ rolconnlimit }) => rolconnlimit)).toEqual([20, 7])
    expect(used).toMatchObject({ exitCode: 0, stderr: '' })
  })

  it('lists tenants and removes them', async () => {
    await using terminal = new Terminal()
    const env = { CLOACA_DATABASE_URL: `postgresql://postgres@${database.place}` }

    const [people, programs] = await Promise.all([
      terminal.run(['tenant', 'list'], { env }),
      terminal.run(['tenant', 'list', '--json'], { env }),
    ])
    const removed = await Promise.all([
      terminal.run(['tenant', 'remove', 'acme', 't_cli', '--json'], { env }),
      terminal.run(['tenant', 'remove', 'beta', 't_cli_given'], { env }),
    ])
    const after = await terminal.run(['tenant', 'list'], { env })

    expect(people.stdout).toMatch(/^SCHEMA +USERS +SIZE\nacme +t_cli +\d+\.\d MiB\nbeta +t_cli_given +\d+\.\d MiB\n$/)
    expect(JSON.parse(programs.stdout)).toMatchObject([{ schemaName: 'acme', usernames: ['t_cli'] }, {}])
    expect(JSON.parse(removed[0].stdout)).toEqual({ schemaName: 'acme', username: 't_cli', removed: true })
    expect(removed[1].stdout).toBe('Schema "beta" and user "t_cli_given" removed.\n')
    expect(after.stdout).toBe('No schema in this database has cloaca tables.\n')
  })

  it('removes a schema that is not a tenant only with --force', async () => {
    await using terminal = new Terminal()
    const env = { CLOACA_DATABASE_URL: `postgresql://postgres@${database.place}` }
    await administer(database.url, 'CREATE SCHEMA billing')

    const refused = await terminal.run(['tenant', 'remove', 'billing', 'nobody_u'], { env })
    const forced = await terminal.run(['tenant', 'remove', 'billing', 'nobody_u', '--force'], { env })

    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        /^cloaca: Schema "billing" is not a tenant: .*tenant remove billing nobody_u --force$/m,
      ),
    })
    expect(forced).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await administer(database.url, "SELECT 1 FROM pg_namespace WHERE nspname = 'billing'")).toEqual([])
  })

  it('names the problem of a database or a schema that cannot have tenants', async () => {
    await using terminal = new Terminal()

    const [onSqlite, schemaOnSqlite, badSchema] = await Promise.all([
      terminal.run(['tenant', 'list', '--db', 'sqlite://jobs.db']),
      terminal.run(['status', '--db', ':memory:', '--schema', 'acme']),
      terminal.run(['status', '--db', database.url, '--schema', '1a']),
    ])

    expect(onSqlite.stderr).toMatch(/^cloaca: DatabaseAdmin requires a PostgreSQL connection: /)
    expect(schemaOnSqlite.stderr).toMatch(/^cloaca: Cannot use the schema: "acme" needs PostgreSQL, .* ":memory:"/)
    expect(badSchema.stderr).toMatch(/^cloaca: Cannot use the schema: .*must start with a letter/)
    expect([onSqlite, schemaOnSqlite, badSchema].map(({ exitCode }) => exitCode)).toEqual([1, 1, 1])
  })
})

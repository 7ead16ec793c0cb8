/** A program that creates and removes tenants on a real server, and executes workflows in each of them. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { administer, type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import { runScript, type ScriptRun } from '../support/run-script.ts'

describe('a program with tenants', () => {
  let database: TemporaryDatabase
  let run: ScriptRun
  const lines = () => run.stdout.split('\n')
  beforeAll(async () => {
    database = await temporaryDatabase()
    run = await runScript('tenants.py', { args: [`postgresql://postgres@${database.place}`] })
  })
  afterAll(async () => {
    if (run?.exitCode !== 0)
      await administer(database.url, 'DROP OWNED BY scenario_acme; DROP ROLE scenario_acme').catch(() => {})
    await database?.[Symbol.asyncDispose]()
  })

  it('receives the credentials of a new tenant, whose printed form hides the password', { tags: ['proof'] }, () => {
    expect(lines()[0]).toBe(
      "TenantCredentials(username='scenario_acme', schema_name='acme', password='***', " +
        "connection_string='***') DatabaseAdmin() 32 True",
    )
  })

  it('executes workflows in two tenants, which do not see the schedules of each other', { tags: ['proof'] }, () => {
    expect(lines().slice(1, 4)).toEqual(['hello acme', 'hello beta', "['greet'] []"])
  })

  it('finds the schedules of a tenant by the name of its schema', () => {
    expect(lines()[4]).toBe("['greet']")
  })

  it('gets the documented exceptions, without a password in them', () => {
    expect(lines().slice(5, -1)).toEqual([
      expect.stringMatching(/^twice: RuntimeError: Failed to create tenant: Failed to create user 'scenario_acme'/),
      expect.stringMatching(
        new RegExp(
          "^another's: RuntimeError: Failed to set up schema 'beta': .*no schema has been selected to create in. " +
            'The schema does not exist, or the user may not use the schema',
        ),
      ),
      expect.stringMatching(
        new RegExp(
          '^not there: RuntimeError: Failed to create DefaultRunner: Database connection failed: ' +
            "Failed to set up schema 'acme': .*u:…@127",
        ),
      ),
      expect.stringMatching(/^no admin: RuntimeError: Failed to remove tenant: .*must be owner of schema beta/),
      expect.stringMatching(/^no server: RuntimeError: Failed to remove tenant: .*ECONNREFUSED/),
      expect.stringMatching(
        /^gone: RuntimeError: Failed to create DefaultRunner: Database connection failed: .*scenario_acme:…@/,
      ),
    ])
  })

  it('removes the schema and the user of a tenant, and nothing else', async () => {
    const schemas = await administer(
      database.url,
      "SELECT nspname FROM pg_namespace WHERE nspname ~ '^(acme|beta|gamma|many)'",
    )
    const users = await administer(database.url, "SELECT rolname FROM pg_roles WHERE rolname LIKE 'scenario%'")

    expect(run).toMatchObject({ stderr: '', exitCode: 0 })
    expect([schemas, users]).toEqual([[{ nspname: 'beta' }], []])
  })
})

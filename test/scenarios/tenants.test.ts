/** A program that administers tenants, and runs workflows in each, on a real server. */

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

  it('is given what a tenant connects with, and shows nothing of it', () => {
    expect(lines()[0]).toBe(
      "TenantCredentials(username='scenario_acme', schema_name='acme', password='***', connection_string='***') DatabaseAdmin() 32 True",
    )
  })

  it('runs workflows of each, and none sees the schedules of the other', () => {
    expect(lines().slice(1, 4)).toEqual(['hello acme', 'hello beta', "['greet'] []"])
  })

  it('finds the same with the name of the schema', () => {
    expect(lines()[4]).toBe("['greet']")
  })

  it('gets the documented exceptions, without a password in them', () => {
    expect(lines().slice(5, -1)).toEqual([
      expect.stringMatching(/^twice: RuntimeError: Failed to create tenant: Failed to create user 'scenario_acme'/),
      expect.stringMatching(
        /^another's: RuntimeError: Failed to set up schema 'beta': .*no schema has been selected to create in. The schema does not exist, or the user may not use the schema/,
      ),
      expect.stringMatching(
        /^not there: RuntimeError: Failed to create DefaultRunner: Database connection failed: Failed to set up schema 'acme': .*u:…@127/,
      ),
      expect.stringMatching(/^no admin: RuntimeError: Failed to remove tenant: .*must be owner of schema beta/),
      expect.stringMatching(/^no server: RuntimeError: Failed to remove tenant: .*ECONNREFUSED/),
      expect.stringMatching(
        /^gone: RuntimeError: Failed to create DefaultRunner: Database connection failed: .*scenario_acme:…@/,
      ),
    ])
  })

  it('leaves of removed tenants neither schema nor user, and all else as it was', async () => {
    const schemas = await administer(
      database.url,
      "SELECT nspname FROM pg_namespace WHERE nspname ~ '^(acme|beta|gamma|many)'",
    )
    const users = await administer(database.url, "SELECT rolname FROM pg_roles WHERE rolname LIKE 'scenario%'")

    expect(run).toMatchObject({ stderr: '', exitCode: 0 })
    expect([schemas, users]).toEqual([[{ nspname: 'beta' }], []])
  })
})

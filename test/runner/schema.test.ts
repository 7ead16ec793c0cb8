/** Runners in schemas of one PostgreSQL database. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { checkScripts, Runner } from '../../src/index.ts'
import { type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'

const JOBS = `
import os, cloaca

inside = cloaca.DefaultRunner.with_schema(os.environ["JOBS_URL"], "acme")
inside.register_cron_workflow("inside", "0 3 * * *", "UTC")
by_url = cloaca.DefaultRunner(os.environ["JOBS_URL"] + "&schema=acme")
beside = cloaca.DefaultRunner.with_schema(os.environ["JOBS_URL"], "gamma")
beside.register_cron_workflow("beside", "0 3 * * *", "UTC")
`

const CHECKED = `
import cloaca

cloaca.DatabaseAdmin("postgresql://127.0.0.1:1/app").create_tenant(cloaca.TenantConfig("acme", "acme_u"))
`

let database: TemporaryDatabase
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-schema-'))
  database = await temporaryDatabase()
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await database?.[Symbol.asyncDispose]()
})

async function workflowsIn(options: { readonly database?: string; readonly schema?: string | null }) {
  await using runner = await Runner.open({ durability: 'normal', ...options })
  return (await runner.schedules.list()).map(({ workflow }) => workflow)
}

describe('a runner with a schema', () => {
  it('sees only the schedules of its schema, if an option, the URL or the environment names it', async () => {
    {
      await using acme = await Runner.open({ database: database.url, schema: 'acme' })
      await using beta = await Runner.open({ database: database.url, schema: 'beta' })
      await acme.schedules.register('of acme', '0 3 * * *', 'UTC')
      await beta.schedules.register('of beta', '0 3 * * *', 'UTC')
    }
    vi.stubEnv('CLOACA_DATABASE_URL', database.url)
    vi.stubEnv('CLOACA_SCHEMA', 'beta')

    const seen = [
      await workflowsIn({ database: database.url, schema: 'acme' }),
      await workflowsIn({ database: `${database.url}&schema=acme` }),
      await workflowsIn({}),
      await workflowsIn({ schema: null }),
      // CLOACA_SCHEMA does not apply to a database that CLOACA_DATABASE_URL does not name.
      await workflowsIn({ database: database.url }),
    ]
    vi.unstubAllEnvs()

    expect(seen).toEqual([['of acme'], ['of acme'], ['of beta'], [], []])
  })

  it('is the runner that its scripts get for the same schema, while another schema gets its own runner', async () => {
    writeFileSync(join(folder, 'jobs.py'), JOBS)
    vi.stubEnv('JOBS_URL', database.url)
    await using runner = await Runner.open({ database: database.url, schema: 'acme' })

    await runner.load(join(folder, 'jobs.py'))
    const instances = await runner.instances.list()
    const workflows = (await runner.schedules.list()).map(({ workflow }) => workflow)
    vi.unstubAllEnvs()

    expect(instances).toHaveLength(1)
    expect(workflows).toContain('inside')
    expect(workflows).not.toContain('beside')
    expect(await workflowsIn({ database: database.url, schema: 'gamma' })).toEqual(['beside'])
  })

  it.each([
    [':memory:', 'acme', '"acme" needs PostgreSQL'],
    ['postgresql://127.0.0.1:1/app', '1a', 'must start with a letter'],
    ['postgresql://127.0.0.1:1/app', 'a"b', 'alphanumeric'],
    ['postgresql://127.0.0.1:1/app', 'Public', 'is reserved'],
  ])('is not opened for database %s and schema %s', async (url, schema, reason) => {
    await expect(Runner.open({ database: url, schema })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      facts: { path: 'schema', reason: expect.stringContaining(reason) },
    })
  })
})

describe('a script that is only checked', () => {
  it('creates no tenants', async () => {
    writeFileSync(join(folder, 'checked.py'), CHECKED)

    const report = await checkScripts([join(folder, 'checked.py')])

    expect(JSON.stringify(report)).toContain('Failed to create tenant: the script is only being checked')
  })
})

/** Runners in schemas of one PostgreSQL database. */

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Runner } from '../../src/index.ts'
import { type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'

let database: TemporaryDatabase
beforeAll(async () => {
  database = await temporaryDatabase()
})
afterAll(() => database?.[Symbol.asyncDispose]())

async function workflowsIn(options: { readonly database?: string; readonly schema?: string | null }) {
  await using runner = await Runner.open({ durability: 'normal', ...options })
  return (await runner.schedules.list()).map(({ workflow }) => workflow)
}

describe('a runner with a schema', () => {
  it('sees what is in its own and nothing of another, however the schema is named', async () => {
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
      // What is meant for another database is not heeded.
      await workflowsIn({ database: database.url }),
    ]
    vi.unstubAllEnvs()

    expect(seen).toEqual([['of acme'], ['of acme'], ['of beta'], [], []])
  })

  it.each([
    [':memory:', 'acme', '"acme" needs PostgreSQL'],
    ['postgresql://127.0.0.1:1/app', '1a', 'must start with a letter'],
    ['postgresql://127.0.0.1:1/app', 'a"b', 'alphanumeric'],
    ['postgresql://127.0.0.1:1/app', 'Public', 'is reserved'],
  ])('is not opened for %s and %s', async (url, schema, reason) => {
    await expect(Runner.open({ database: url, schema })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      facts: { path: 'schema', reason: expect.stringContaining(reason) },
    })
  })
})

/** Tasks that need CPython: they start processes, or use packages with compiled code. */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { OpenHost } from '../support/open-host.ts'
import { type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import { EXECUTABLE } from '../support/test-python.ts'

const SCRIPT = fileURLToPath(new URL('./native_work.py', import.meta.url))
const DEADLINE_MS = 1_000

/** Returns whether a module is installed. `.ci/run` installs them; elsewhere the tests that need them are skipped. */
const has = (module: string) => spawnSync(EXECUTABLE, ['-c', `import ${module}`]).status === 0

let python: OpenHost
let database: TemporaryDatabase

beforeAll(async () => {
  database = await temporaryDatabase()
  process.env.TEST_SERVER_URL = database.url
  python = await OpenHost.open([SCRIPT], 1, { python: { kind: 'cpython', executable: EXECUTABLE } })
})
afterAll(async () => {
  await python?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
  delete process.env.TEST_SERVER_URL
})

async function contextOf(task: string): Promise<unknown> {
  const outcome = await python.runTask(SCRIPT, 'native', task)
  return outcome.kind === 'completed' ? JSON.parse(outcome.contextText ?? '') : outcome
}

it('a task uses pools of processes with each start method of multiprocessing', async () => {
  const squares = [285, true]
  const context = await contextOf('pool')

  expect(context).toMatchObject({ spawn: squares, total: 285, isElsewhere: true })
  if (process.platform === 'linux') expect(context).toMatchObject({ fork: squares, forkserver: squares })
  expect(await contextOf('executor')).toEqual({ total: 285, isElsewhere: true })
})

it('a task sends 200,000 lines to the stdin of a program', async () => {
  expect(await contextOf('pipeline')).toEqual({ isWhole: true })
})

it.skipIf(!has('numpy, pandas'))('a task computes with numpy and pandas', async () => {
  expect(await contextOf('frames')).toEqual({ hours: { ada: 4.5, bob: 2 }, singular: 2 })
})

it.skipIf(!has('psycopg2'))('a task queries a PostgreSQL server with psycopg2', async () => {
  expect(await contextOf('rows')).toEqual({ sum: 101_000 })
})

it.skipIf(!has('psycopg2'))('a poll that hangs in psycopg2 is stopped, and the next call runs', async () => {
  const outcome = await python.poll(SCRIPT, 'query_hangs', DEADLINE_MS)

  expect(outcome).toMatchObject({ kind: 'timedOut', error: { message: expect.stringContaining('query_hangs') } })
  expect(await contextOf('pipeline')).toEqual({ isWhole: true })
})

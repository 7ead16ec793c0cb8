/** Tasks that only CPython can run: they use packages with C code, or start processes. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nativePython } from '../support/native-packages.ts'
import { OpenHost } from '../support/open-host.ts'
import { postgresServer } from '../support/postgres-server.ts'

const SCRIPT = fileURLToPath(new URL('./native_jobs.py', import.meta.url))
const { executable, reason } = nativePython()

describe.skipIf(executable === null)(`a task under CPython ${reason && `(skipped: ${reason})`}`, () => {
  let python: OpenHost

  beforeAll(async () => {
    process.env.POSTGRES_OF_TEST = (await postgresServer()).url('postgres')
    python = await OpenHost.open([SCRIPT], 1, { python: { kind: 'cpython', executable: executable ?? '' } })
  })

  afterAll(async () => {
    delete process.env.POSTGRES_OF_TEST
    await python?.[Symbol.asyncDispose]()
  })

  const run = async (task: string, deadlineMs = 60_000) => {
    const outcome = await python.runTask(SCRIPT, 'native', task, deadlineMs)
    return outcome.kind === 'completed' ? JSON.parse(outcome.contextText ?? '{}') : outcome
  }

  it('computes with numpy and pandas', async () => {
    expect(await run('numbers')).toEqual({ sums: { a: 3, b: 1.5 }, determinant: -2 })
  })

  it('queries a PostgreSQL server with psycopg2', async () => {
    expect(await run('database')).toEqual({ total: 7, server: 'PostgreSQL' })
  })

  it('is stopped at its deadline while C code waits for the server', async () => {
    expect(await run('slow_query', 500)).toMatchObject({ kind: 'timedOut' })
    expect(await run('numbers')).toMatchObject({ determinant: -2 })
  })

  it('distributes work over several processes', async () => {
    expect(await run('pool')).toEqual({ squares: 2_470, elsewhere: true })
    expect(await run('executor')).toEqual({ squares: 2_470 })
  })

  it('sends text to a program and reads its output', async () => {
    expect(await run('programs')).toEqual({ sorted: ['a', 'b'] })
  })
})

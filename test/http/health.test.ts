/** `/healthz` and `/readyz` during a failure: a locked or missing database, or Python that hangs in C. */

import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { httpHandler } from '../../src/index.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { withGrowingLimit } from '../support/growing-limit.ts'
import { HttpClient } from '../support/http-client.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SHOP = fileURLToPath(new URL('../cli/scripts/shop.py', import.meta.url))
const HANGS = fileURLToPath(new URL('../host/hangs_in_c.py', import.meta.url))

/** Queries the readiness with a limit within which the healthy part answers, also on a busy machine. */
async function readiness({ runner }: ObservedRunner, healthy: 'database' | 'python') {
  const { result, limitMs } = await withGrowingLimit(
    300,
    (limit) => runner.readiness(limit),
    (found) => found[healthy] === null,
  )
  return { ...result, limitMs }
}

describe('a serving process', () => {
  const serve = async (script: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'cloaca-health-'))
    const path = join(folder, 'jobs.db')
    const observed = await ObservedRunner.open({ database: `sqlite://${path}` })
    onTestFinished(async () => {
      await observed[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    })
    await observed.runner.load(script)
    await observed.runner.start()
    return { path, observed, client: await HttpClient.of(httpHandler(observed.runner)) }
  }

  it('is not ready while its database is locked or missing, and is ready afterwards', async () => {
    const { path, observed, client } = await serve(SHOP)
    // Repeats the request until Python has answered within the limit of `/readyz`, also on a busy machine.
    const readyz = () =>
      vi.waitUntil(async () => {
        const answer = await client.get('/readyz')
        return answer.json.python === null ? answer : null
      }, LIMIT_MS)
    await observed.runsOf('new_order')
    const before = await readyz()
    const other = new Connection(path)
    other.beginWrite('kept')
    const locked = await readiness(observed, 'python')
    const meanwhile = await client.get('/healthz')
    other.rollback()
    other.close()
    const free = await readyz()
    renameSync(path, `${path}.away`)
    const gone = await readyz()
    const metrics = await client.send(new Request('http://127.0.0.1:8321/healthz'))
    renameSync(`${path}.away`, path)
    await observed.until('warning', ({ code }) => code === 'DATABASE_FOUND')
    const again = await readyz()

    expect([before, free, again].map(({ status }) => status)).toEqual([200, 200, 200])
    expect(locked).toMatchObject({ isReady: false, python: null, database: expect.stringContaining('locked') })
    expect(gone).toMatchObject({ status: 503, json: { status: 'not ready', python: null } })
    expect(gone.json.database).toMatch(/removed|replaced|no longer|gone|there/)
    expect([meanwhile, metrics].map(({ status }) => status)).toEqual([200, 200])
  })

  it('is not ready while Python hangs in C code that cannot be interrupted', async () => {
    const { observed, client } = await serve(HANGS)
    await expect.poll(() => observed.runner.underWay).toEqual(["trigger 'hangs'"])

    const hung = await readiness(observed, 'database')

    expect(hung).toMatchObject({ isReady: false, database: null })
    expect(hung.python).toBe(`No interpreter responded within ${hung.limitMs} ms.`)
    expect((await client.get('/healthz')).status).toBe(200)
  })
})

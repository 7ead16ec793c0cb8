/** `/healthz` and `/readyz` during a failure: a locked or missing database, or Python that hangs in C. */

import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { httpHandler } from '../../src/index.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { HttpClient } from '../support/http-client.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SHOP = fileURLToPath(new URL('../cli/scripts/shop.py', import.meta.url))
const HANGS = fileURLToPath(new URL('../host/hangs_in_c.py', import.meta.url))
const SOON_MS = 300

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
    await observed.runsOf('new_order')
    const before = await client.get('/readyz')
    const other = new Connection(path)
    other.beginWrite('kept')
    const locked = await observed.runner.readiness(SOON_MS)
    const meanwhile = await client.get('/healthz')
    other.rollback()
    other.close()
    const free = await client.get('/readyz')
    renameSync(path, `${path}.away`)
    const gone = await client.get('/readyz')
    const metrics = await client.send(new Request('http://127.0.0.1:8321/healthz'))
    renameSync(`${path}.away`, path)
    await observed.until('warning', ({ code }) => code === 'DATABASE_FOUND')
    const again = await client.get('/readyz')

    expect([before, free, again].map(({ status }) => status)).toEqual([200, 200, 200])
    expect(locked).toMatchObject({ isReady: false, python: null, database: expect.stringContaining('locked') })
    expect(gone).toMatchObject({ status: 503, json: { status: 'not ready', python: null } })
    expect(gone.json.database).toMatch(/removed|replaced|no longer|gone|there/)
    expect([meanwhile, metrics].map(({ status }) => status)).toEqual([200, 200])
  })

  it('is not ready while Python hangs in C code that cannot be interrupted', async () => {
    const { observed, client } = await serve(HANGS)
    await expect.poll(() => observed.runner.underWay).toEqual(["trigger 'hangs'"])

    const hung = await observed.runner.readiness(SOON_MS)

    expect(hung).toMatchObject({ isReady: false, database: null })
    expect(hung.python).toBe(`No interpreter responded within ${SOON_MS} ms.`)
    expect((await client.get('/healthz')).status).toBe(200)
  })
})

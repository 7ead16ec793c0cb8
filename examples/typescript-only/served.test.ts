/** Serves the example as in production, and kills the engine during a task. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

const CLOACA = join(import.meta.dirname, 'node_modules/.bin/cloaca')

test('opens one ticket although the engine is killed while it opens it', { timeout: 180_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'typescript-only-'))
  let isDown = true
  const keys: string[] = []
  const held: ServerResponse[] = []
  const pages: string[] = []
  const others = createServer(async (request, response) => {
    if (request.url === '/health') response.writeHead(isDown ? 503 : 200).end('the database is full')
    else if (request.url === '/pages') {
      pages.push((JSON.parse(await text(request)) as { text: string }).text)
      response.writeHead(201).end()
    } else {
      keys.push((JSON.parse(await text(request)) as { key: string }).key)
      held.push(response)
    }
  }).listen(0, '127.0.0.1')
  t.after(() => {
    others.close()
    others.closeAllConnections()
    rmSync(folder, { recursive: true })
  })
  await once(others, 'listening')
  const url = `http://127.0.0.1:${(others.address() as AddressInfo).port}`
  const serve = () => {
    const args = ['serve', 'incidents.ts', '--no-http', '--db', join(folder, 'cloaca.db')]
    const env = { ...process.env, SERVICE_URL: url, TICKETS_URL: url }
    return spawn(CLOACA, args, { cwd: import.meta.dirname, env, stdio: ['ignore', 'inherit', 'inherit'] })
  }

  const first = serve()
  await until(() => held.length === 1)
  first.kill('SIGKILL')
  await once(first, 'exit')
  const second = serve()
  await until(() => held.length === 2)
  held[1]?.writeHead(201, { 'content-type': 'application/json' }).end('{ "number": 17 }')
  await until(() => pages.length === 1)
  isDown = false
  second.kill('SIGTERM')
  const [exitCode] = await once(second, 'exit')

  assert.equal(exitCode, 0)
  assert.deepEqual(pages, [`${url} is down: ticket 17`])
  assert.equal(new Set(keys).size, 1)
})

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(20)
}

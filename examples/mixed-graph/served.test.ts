/** Serves the example as in production, and kills the engine during a task. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

const CLOACA = join(import.meta.dirname, 'node_modules/.bin/cloaca')
const LINES = JSON.stringify([{ sku: 'tea', price: 4.5, count: 2 }])

test('ships an order after the engine was killed during its task "fetch"', { timeout: 180_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mixed-graph-'))
  const waiting: ServerResponse[] = []
  const shop = createServer((_, response) => waiting.push(response)).listen(0, '127.0.0.1')
  t.after(() => {
    shop.close()
    shop.closeAllConnections()
    rmSync(folder, { recursive: true })
  })
  await once(shop, 'listening')
  const env = {
    ...process.env,
    INBOX: join(folder, 'inbox'),
    RESULTS: folder,
    SHOP_URL: `http://127.0.0.1:${(shop.address() as AddressInfo).port}`,
  }
  const serve = () => {
    const args = ['serve', 'triggers.py', 'orders.ts', '--no-http', '--db', join(folder, 'cloaca.db')]
    return spawn(CLOACA, args, { cwd: import.meta.dirname, env, stdio: ['ignore', 'inherit', 'inherit'] })
  }
  mkdirSync(join(folder, 'inbox'))
  writeFileSync(join(folder, 'inbox', '7.order'), '')

  const first = serve()
  await until(() => waiting.length === 1)
  first.kill('SIGKILL')
  await once(first, 'exit')
  assert.equal(existsSync(join(folder, 'shipped')), false)

  const second = serve()
  await until(() => waiting.length === 2)
  waiting[1]?.writeHead(200, { 'content-type': 'application/json' }).end(LINES)
  await until(() => existsSync(join(folder, 'done/7.order')))
  second.kill('SIGTERM')
  const [exitCode] = await once(second, 'exit')

  assert.equal(exitCode, 0)
  assert.deepEqual(JSON.parse(readFileSync(join(folder, 'shipped/7.json'), 'utf8')), {
    lines: JSON.parse(LINES),
    total: 9,
  })
  assert.equal(waiting.length, 2)
})

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(20)
}

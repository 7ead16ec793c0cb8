/**
 * Measures the memory of an engine that serves `waiting.ts`. Prints the growth as JSON.
 *
 * Arguments: the path of the database, the workflow and the number of the executions to start, and `other` to start
 * them in another process. With the number 0, it prints the memory after the start of the engine.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { Runner } from '../../../dist/index.js'

const [path = '', workflow = 'month', executions = '0', starter = 'own'] = process.argv.slice(2)
/**
 * The process takes up to 150 MB for its first busy seconds, however many waits are open: V8's heap has 89 MB for 20 MB
 * of objects, and SQLite caches 16 MB of pages. 100,000 waits after 30,000 executions: 50 to 110 MB less.
 */
const WARM_UP = 30_000
const BATCH = 1_000
const SETTLED_MS = 3_000
const POLL_MS = 100

const COUNT = {
  month: 'SELECT count(*) AS n FROM waits WHERE outcome IS NULL',
  plain: "SELECT count(*) AS n FROM executions WHERE status = 'Completed' AND workflow = 'plain'",
}

await using runner = await Runner.open({ database: path, durability: 'normal' })
if (starter === 'submit') {
  await submit(Number(executions))
  await runner.close()
  process.exit()
}
await runner.load(fileURLToPath(new URL('waiting.ts', import.meta.url)))
await runner.start()
const database = new Database(path, { readonly: true, timeout: 10_000 })
const count = database.prepare<[], { readonly n: number }>(COUNT[workflow as keyof typeof COUNT])

if (Number(executions) > 0) await start(WARM_UP)
const before = await memory()
const beganAt = performance.now()
await start(Number(executions))
const startedS = (performance.now() - beganAt) / 1_000
const after = await memory()
const growth = Object.fromEntries(
  Object.entries(after).map(([name, mb]) => [`${name}_growth`, mb - (before[name] ?? 0)]),
)
console.log(JSON.stringify({ ...after, ...growth, started_s: startedS }))
database.close()

async function start(executionsToStart: number): Promise<void> {
  const expected = (count.get()?.n ?? 0) + executionsToStart
  if (starter === 'other' && executionsToStart > 0) {
    const args = [fileURLToPath(import.meta.url), path, workflow, String(executionsToStart), 'submit']
    await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit')
  } else await submit(executionsToStart)
  while ((count.get()?.n ?? 0) < expected) await sleep(POLL_MS)
}

async function submit(executionsToStart: number): Promise<void> {
  for (let started = 0; started < executionsToStart; started += BATCH) {
    const batch = Math.min(BATCH, executionsToStart - started)
    await Promise.all(Array.from({ length: batch }, () => runner.workflows.submit(workflow)))
  }
}

/** Returns the memory in MB after garbage was collected: of V8's heap, and of the process without mapped files. */
async function memory(): Promise<Readonly<Record<string, number>>> {
  await sleep(SETTLED_MS)
  for (let turn = 0; turn < 3; turn++) {
    global.gc?.()
    await sleep(POLL_MS)
  }
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return {
    heap_mb: process.memoryUsage().heapUsed / 1e6,
    anonymous_mb: (Number(kilobytes) * 1024) / 1e6,
    resident_mb: process.memoryUsage().rss / 1e6,
  }
}

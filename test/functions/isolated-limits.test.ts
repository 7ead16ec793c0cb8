/** Tasks with limits and `TryLater` in scripts with `isolation = 'worker'`. */

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { TaskRequest } from '../../src/engine/ports.ts'
import { ModuleScripts } from '../../src/functions/module-scripts.ts'
import { HeldClock } from '../support/held-clock.ts'
import { MovableRunLimit } from '../support/movable-run-limit.ts'
import { taskRequest } from './open-functions.ts'

const LIMIT_MS = 10_000
const LEASE_LOST = { kind: 'lost', error: { type: 'LeaseLost', message: expect.stringContaining('renew its lease') } }
const SCRIPT = `
import { threadId } from 'node:worker_threads'
import { setTimeout as sleep } from 'node:timers/promises'
import { TryLater, workflow } from 'cloaca'

export const isolation = 'worker'

export const orders = workflow('orders')
  .task('where', () => ({ thread: threadId }))
  .task('computes', () => { for (;;); })
  .task('waits', (_context, { signal }) => new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  }))
  .task('ignores', () => new Promise(() => undefined))
  .task('loose', async () => { await sleep(600) })
  .task('later', async () => { await null; throw new TryLater('30s', { limit: 'crm' }) })
`

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloaca-isolated-limits-')))
const clock = new HeldClock({ keepsProcessAlive: false, onTrouble: () => undefined })
let scripts: ModuleScripts

beforeAll(async () => {
  scripts = new ModuleScripts({
    clock,
    printer: { print: () => undefined, ended: () => undefined, drain: () => Promise.resolve() },
    secrets: null,
    logLimits: { attemptBytes: 65_536, pollBytes: 65_536 },
    notice: () => undefined,
    ...({ stdoutTo: 'stderr', prefixes: false, memoryMebibytes: 64, loadDeadlineMs: 100_000 } as const),
    packageUrl: new URL('../../src/index.ts', import.meta.url).href,
    runner: () => null,
  })
  writeFileSync(join(folder, 'orders.ts'), SCRIPT)
  expect(await scripts.load('orders.ts', join(folder, 'orders.ts'))).toMatchObject({ fault: null })
})
afterAll(async () => {
  await scripts.close()
  rmSync(folder, { recursive: true })
})

afterEach(() => clock.resume())

const newLimit = () => new MovableRunLimit(LIMIT_MS, () => clock.monotonic())

function run(taskId: string, request: Partial<TaskRequest> = {}) {
  return scripts.runTask({ ...taskRequest(), script: 'orders.ts', taskId, ...request })
}

async function thread(): Promise<unknown> {
  const outcome = await run('where')
  return outcome.kind === 'completed' ? JSON.parse(outcome.contextText).thread : outcome
}

it('starts a task again later after TryLater', async () => {
  expect(await run('later')).toEqual({ kind: 'tryLater', delayMs: 30_000, limit: 'crm' })
})

it('stops a task with limits when the engine cannot renew its lease, and keeps the thread', async () => {
  const before = await thread()
  const runLimit = newLimit()
  const outcome = run('waits', { runLimit })
  await thread() // the task has begun

  // The clock is stopped, so that the task may take longer than 200 ms to end.
  clock.holdAfter(LIMIT_MS)

  expect(await outcome).toMatchObject(LEASE_LOST)
  expect(runLimit.listeners).toBe(0)
  expect(await thread()).toBe(before)
})

it.each(['computes', 'ignores'])('ends the thread of a task that %s without a lease', async (task) => {
  const before = await thread()
  const other = run('ignores')

  const outcome = run(task, { runLimit: newLimit() })
  clock.holdAfter(LIMIT_MS)
  clock.resume()

  expect(await outcome).toMatchObject(LEASE_LOST)
  expect(await other).toMatchObject({ kind: 'lost' })
  expect(await thread()).not.toBe(before)
})

it('lets a task with limits continue while its time is moved', async () => {
  const runLimit = newLimit()
  const outcome = run('loose', { runLimit })

  for (let moves = 0; moves < 3; moves++) {
    clock.holdAfter(LIMIT_MS / 2)
    await thread()
    runLimit.move(LIMIT_MS)
  }

  expect(await outcome).toMatchObject({ kind: 'completed' })
})

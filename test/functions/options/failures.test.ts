/** A TypeScript task reads the initial context of its execution, and the tasks that failed before it. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { failed, Runner, type TaskTools, UsageError, workflow } from '../../../src/index.ts'
import { ObservedRunner } from '../../support/observed-runner.ts'

const MEBIBYTE = 1_048_576
const PASSWORD = 'hunter2-of-the-warehouse'

class ApiError extends Error {
  override readonly name = 'ApiError'
}

function refuse(): never {
  throw new ApiError('status 503')
}

it('reads the initial context and the failed tasks, although its own context is empty', async () => {
  await using observed = await ObservedRunner.open()
  const flow = workflow('orders')
    .task('fetch', { retries: 1, retryDelay: '1ms' }, refuse)
    .task('other', () => ({ fine: true }))
    .task('alarm', { after: 'fetch', when: failed('fetch') }, (context, { input, failures }) => {
      return { own: Object.keys(context).length, read: { ...input }, failures: { ...failures } }
    })
  await observed.runner.register(flow)

  const { context, tasks } = await observed.runner.execute(flow, { order_id: 7 })

  expect(tasks.map(({ status }) => status)).toEqual(['Failed', 'Completed', 'Completed'])
  expect(context).toMatchObject({
    own: 0,
    read: { order_id: 7 },
    failures: { fetch: { type: 'ApiError', message: 'Task execution failed: ApiError: status 503', attempts: 2 } },
  })
})

it('cannot change the initial context or the failures at any level', async () => {
  await using observed = await ObservedRunner.open()
  const changes: unknown[] = []
  const flow = workflow('frozen')
    .task('fetch', { retries: 0 }, refuse)
    .task('alarm', { after: 'fetch' }, (_context, tools) => {
      const written = tools as unknown as { input: { rows: number[] }; failures: Record<string, { type: string }> }
      for (const change of [
        () => written.input.rows.push(2),
        () => Object.assign(written.input, { rows: [] }),
        () => Object.assign(written.failures.fetch ?? {}, { type: '' }),
        () => Object.assign(written.failures, { other: {} }),
        () => Object.assign(written, { input: {} }),
      ]) {
        try {
          changes.push(change())
        } catch (thrown) {
          changes.push((thrown as Error).name)
        }
      }
    })
  await observed.runner.register(flow)

  await observed.runner.execute(flow, { rows: [1] })

  expect(changes).toEqual(Array(5).fill('TypeError'))
})

it('reads the failures at the beginning of its attempt, also if another task fails during the attempt', async () => {
  await using observed = await ObservedRunner.open()
  const isWatching = Promise.withResolvers<void>()
  const hasFailed = Promise.withResolvers<void>()
  const seen: string[][] = []
  const flow = workflow('snapshot')
    .task('early', { retries: 0 }, refuse)
    .task('late', { retries: 0 }, async () => {
      await isWatching.promise
      refuse()
    })
    .task('watch', { after: 'early' }, async (_context, tools) => {
      isWatching.resolve()
      await hasFailed.promise
      seen.push(Object.keys(tools.failures))
    })
    .task('alarm', { after: 'late' }, (_context, { failures }) => {
      seen.push(Object.keys(failures))
      hasFailed.resolve()
    })
  await observed.runner.register(flow)

  await observed.runner.execute(flow)

  expect(seen).toEqual([['early', 'late'], ['early']])
})

it('rejects a use of the facts after its function has ended', async () => {
  await using observed = await ObservedRunner.open()
  let kept: TaskTools | null = null
  const flow = workflow('ended').task('keep', (_context, tools) => {
    kept = tools
    expect(tools.failures).toEqual({})
  })
  await observed.runner.register(flow)

  await observed.runner.execute(flow)

  const tools = kept as unknown as TaskTools
  for (const [name, read] of [
    ['tools.input', () => tools.input],
    ['tools.failures', () => tools.failures],
  ] as const) {
    expect(read).toThrow(UsageError)
    expect(read).toThrow(`task 'keep' of workflow 'ended' has ended, so ${name} is not available`)
  }
})

it('reads failures in which secrets are masked', async () => {
  const secrets = async () => ({ password: PASSWORD })
  await using observed = await ObservedRunner.open({ secrets })
  const flow = workflow('secretive')
    .task('fetch', { retries: 0 }, async (_context, { secret }) => {
      const { password } = await secret('warehouse')
      throw new ApiError(`no login with ${password}`)
    })
    .task('alarm', { after: 'fetch' }, (_context, { failures }) => ({ message: failures.fetch?.message ?? '' }))
  await observed.runner.register(flow)

  const { context } = await observed.runner.execute(flow)

  expect(context).toMatchObject({ message: 'Task execution failed: ApiError: no login with ***' })
})

it('reads an initial context of nearly 64 MiB', async () => {
  await using observed = await ObservedRunner.open()
  const text = 'x'.repeat(63 * MEBIBYTE)
  const flow = workflow('large')
    .task('first', () => ({ small: 1 }))
    .task('second', { after: 'first' }, (_context, { input }) => ({ length: String(input.text).length }))
  await observed.runner.register(flow)

  expect((await observed.runner.execute(flow, { text })).tasks.map(({ status }) => status)).toEqual([
    'Completed',
    'Completed',
  ])
})

it('reads the failures and the initial context also after a restart of the engine', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-failures-'))
  try {
    const database = `sqlite://${join(folder, 'cloaca.db')}`
    const reached = Promise.withResolvers<string>()
    let fetches = 0
    const declare = (alarm: (tools: TaskTools) => object | Promise<never>) =>
      workflow('restarted')
        .task('fetch', { retries: 0 }, () => {
          fetches += 1
          refuse()
        })
        .task('alarm', { after: 'fetch', when: failed('fetch') }, async (_, tools) => ({ ...(await alarm(tools)) }))
    const before = await Runner.open({ database, log: () => undefined })
    const waiting = declare(({ executionId }) => {
      reached.resolve(executionId)
      return new Promise<never>(() => undefined)
    })
    await before.register(waiting)
    before.execute(waiting, { order_id: 7 }).catch(() => undefined)
    const id = await reached.promise
    await before.close({ graceMs: 0 })

    await using after = await ObservedRunner.open({ database })
    const reading = declare(({ input, failures }) => ({ read: { ...input }, failed: { ...failures } }))
    await after.runner.register(reading)
    await after.runner.start()

    expect((await after.runner.executions.wait(id)).context).toMatchObject({
      read: { order_id: 7 },
      failed: { fetch: { type: 'ApiError', attempts: 1 } },
    })
    expect(fetches).toBe(1)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

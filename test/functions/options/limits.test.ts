/** Timeouts of a TypeScript task, set by the task or by the engine, and its cancellation. */

import { expect, it } from 'vitest'
import { CancelledError, DeadlineError, workflow } from '../../../src/index.ts'
import { ObservedRunner } from '../../support/observed-runner.ts'

const reasons: unknown[] = []
const listening = (_context: unknown, { signal }: { readonly signal: AbortSignal }): Promise<void> =>
  new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => {
      reasons.push(signal.reason)
      reject(signal.reason)
    }),
  )

it.each([
  ['the task', { timeout: '40ms' }, {}],
  ['the engine', {}, { taskTimeoutMs: 40 }],
] as const)('aborts and retries a task at the timeout of %s', async (_whose, options, config) => {
  await using observed = await ObservedRunner.open({ config })
  const flow = workflow('slow').task('t', { ...options, retries: 1, retryDelay: '1ms' }, listening)
  await observed.runner.register(flow)
  reasons.splice(0)

  const { status, tasks, id } = await observed.runner.execute(flow)

  expect(status).toBe('Failed')
  expect(tasks[0]?.error).toMatch(/timed out: it exceeded its timeout of 0\.04 s$/)
  expect((await observed.runner.executions.attempts(id)).map(({ outcome }) => outcome)).toEqual([
    'timedOut',
    'timedOut',
  ])
  expect(reasons.map((reason) => reason instanceof DeadlineError)).toEqual([true, true])
})

it('aborts a task when its execution is cancelled, and starts no later task', async () => {
  await using observed = await ObservedRunner.open()
  const flow = workflow('long')
    .task('t', listening)
    .task('next', { after: 't' }, () => {})
  await observed.runner.register(flow)
  reasons.splice(0)

  const run = observed.runner.execute(flow)
  const [started] = await observed.until('taskStarted')
  await observed.runner.executions.cancel(started?.executionId ?? '')

  const { status, tasks } = await run
  expect(status).toBe('Cancelled')
  expect(tasks.map((task) => task.status)).toEqual(['Cancelled', 'Cancelled'])
  expect(reasons).toEqual([expect.any(CancelledError)])
})

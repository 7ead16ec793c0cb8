/** Retries of a failed TypeScript task by its options. */

import { afterEach, beforeEach, expect, it } from 'vitest'
import { type TaskRetryOptions, workflow } from '../../../src/index.ts'
import { ObservedRunner } from '../../support/observed-runner.ts'

let observed: ObservedRunner
beforeEach(async () => {
  observed = await ObservedRunner.open()
})
afterEach(() => observed[Symbol.asyncDispose]())

let runs = 0

/** Runs a task whose first `failures` attempts fail. Returns its attempts, status, context and error. */
async function run(options: TaskRetryOptions, failures: number, message = 'boom') {
  const attempts: number[] = []
  runs += 1
  const flow = workflow(`flaky ${runs}`).task(
    't',
    { retryDelay: '1ms', jitter: false, ...options },
    (_context, { attempt }) => {
      attempts.push(attempt)
      if (attempt <= failures) throw new Error(message)
      return { attempt }
    },
  )
  await observed.runner.register(flow)
  const { status, context, tasks } = await observed.runner.execute(flow)
  return { status, context, attempts, error: tasks[0]?.error }
}

it('retries a task twice by default', async () => {
  expect(await run({}, 2)).toMatchObject({ status: 'Completed', attempts: [1, 2, 3], context: { attempt: 3 } })
  expect(await run({}, 3)).toMatchObject({
    status: 'Failed',
    attempts: [1, 2, 3],
    error: 'Task execution failed: Error: boom',
  })
})

it.each([
  [{ retries: 0 }, [1]],
  [{ retries: 4 }, [1, 2, 3, 4, 5]],
  [{ retryOn: 'never', retries: 4 }, [1]],
  [{ retryOn: 'transient' }, [1]],
  [{ retryOn: ['no such thing'] }, [1]],
  [{ retryOn: ['no such thing', 'BOO'] }, [1, 2, 3]],
] as const)('makes the attempts that %o permits', async (options, attempts) => {
  expect(await run(options, 9)).toMatchObject({ status: 'Failed', attempts })
})

it('retries a transient error with retryOn "transient"', async () => {
  expect(await run({ retryOn: 'transient' }, 1, 'the connection was reset')).toMatchObject({ status: 'Completed' })
})

it.each([
  [{ backoff: 'fixed' }, [20, 20, 20]],
  [{ backoff: 'linear' }, [20, 40, 60]],
  [{ backoff: { kind: 'linear', multiplier: 0.5 } }, [10, 20, 30]],
  [{ backoff: 'exponential' }, [20, 40, 80]],
  [{ backoff: { kind: 'exponential', base: 3, multiplier: 0.5 } }, [10, 30, 90]],
  [{ maxDelay: '30ms' }, [20, 30, 30]],
] as const)('waits before each retry as set by %o', async (options, waits) => {
  await run({ retries: 3, retryDelay: '20ms', ...options }, 9)

  const retried = observed.events('taskRetried')
  const rows = await observed.runner.executions.attempts(retried[0]?.executionId ?? '')
  const waited = retried.map(({ retryAt }, index) => retryAt - (rows[index]?.endedAt ?? 0))
  // Each wait starts at the end of the previous attempt, which is known to the millisecond.
  for (const [index, wait] of waits.entries()) expect(Math.abs((waited[index] ?? 0) - wait)).toBeLessThanOrEqual(2)
})

it('varies each wait by up to a quarter with jitter', async () => {
  await run({ retries: 3, backoff: 'fixed', retryDelay: '40ms', jitter: true }, 9)

  const retried = observed.events('taskRetried')
  const rows = await observed.runner.executions.attempts(retried[0]?.executionId ?? '')
  const waited = retried.map(({ retryAt }, index) => retryAt - (rows[index]?.endedAt ?? 0))
  expect(waited.every((wait) => wait >= 28 && wait <= 52)).toBe(true)
  expect(waited.length).toBe(3)
})

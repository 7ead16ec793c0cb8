/** `runWorkflow` of cloaca/testing with limits, and with tasks that try again later. */

import { describe, expect, it } from 'vitest'
import { limit, TryLater, workflow } from '../../src/index.ts'
import { FakeClock, runWorkflow } from '../../src/testing/index.ts'

const crm = limit('crm', { maxActive: 3, per: 'tenant' })
const api = limit('api', { rate: '1/1m' })

describe('a task with limits in a test', () => {
  const push = (called: () => void = () => undefined) => workflow('sync').task('push', { limits: [crm, api] }, called)

  it.each([{}, { tenant: null }, { tenant: 1 }, { tenant: 'é'.repeat(99) }, { tenant: true }])(
    'runs with a value that its limits can use: %j',
    async (context) => {
      expect((await runWorkflow(push(), context)).status).toBe('Completed')
    },
  )

  it.each([
    [[1], 'the value of "tenant" is a list, but a limit needs a text, a number, a boolean, or null'],
    [{ id: 1 }, 'the value of "tenant" is an object, but a limit needs a text, a number, a boolean, or null'],
    ['é'.repeat(100), 'the value of "tenant" has 202 bytes; a limit allows 200'],
  ])('fails without a call and without a retry with another value', async (tenant, reason) => {
    const called: string[] = []

    const run = await runWorkflow(
      push(() => void called.push('push')),
      { tenant },
    )

    expect(run.status).toBe('Failed')
    expect(run.tasks.push).toMatchObject({ status: 'Failed', errorType: 'ValueError', attempts: 0 })
    expect(run.tasks.push.error).toContain(`limit "crm": ${reason}`)
    expect(called).toEqual([])
  })

  it('is not started with a value that the limit of its workflow cannot use', async () => {
    const limited = workflow('limited', { maxActive: 1, per: 'customer' }).task('push', () => ({ pushed: true }))

    expect((await runWorkflow(limited, { customer: 'a' })).status).toBe('Completed')
    await expect(runWorkflow(limited, { customer: [1] })).rejects.toMatchObject({ code: 'INVALID_CONTEXT' })
  })
})

describe('a task that tries again later in a test', () => {
  it.each([undefined, crm, 'api'])('moves the clock, and its attempt does not count (limit %j)', async (closed) => {
    const clock = new FakeClock()
    const startedAt = clock.now().getTime()
    const calls: number[] = []
    const failures: string[] = []
    const flow = workflow('sync').task(
      'push',
      { limits: [crm, api], retries: 1, jitter: false, onFailure: (task) => void failures.push(task) },
      () => {
        calls.push(clock.now().getTime() - startedAt)
        if (calls.length === 1) throw new TryLater('30s', { limit: closed })
        if (calls.length === 2) throw new Error('first failure')
        if (calls.length === 3) throw new TryLater(5, { limit: closed })
        return { pushed: true }
      },
    )

    const run = await runWorkflow(flow, { tenant: 'a' }, { clock })

    expect(run.status).toBe('Completed')
    expect(calls).toEqual([0, 30_000, 31_000, 36_000])
    expect(run.tasks.push).toMatchObject({ attempts: 2, attemptedAtMs: [30_000, 36_000], error: null })
    expect(failures).toEqual(['push'])
  })

  it('fails after 100 times', async () => {
    let calls = 0
    const flow = workflow('sync').task('push', () => {
      calls += 1
      throw new TryLater('1s')
    })

    const run = await runWorkflow(flow, {})

    expect(calls).toBe(101)
    expect(run.tasks.push).toMatchObject({ status: 'Failed', errorType: 'TryLater', attempts: 1 })
    expect(run.tasks.push.error).toContain('limits.try-later')
  })

  it('fails if it closes a limit that it does not have', async () => {
    const flow = workflow('sync').task('push', { limits: [crm], retries: 1, jitter: false }, () => {
      throw new TryLater('1s', { limit: api })
    })

    const run = await runWorkflow(flow, {})

    expect(run.tasks.push).toMatchObject({ status: 'Failed', errorType: 'ValueError', attemptedAtMs: [0] })
    expect(run.tasks.push.error).toBe('limit "api" is not a limit of task "push"')
  })
})

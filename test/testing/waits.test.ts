/** Deferral and time limits in `runWorkflow`, and its clock. */

import { describe, expect, it, vi } from 'vitest'
import { workflow } from '../../src/index.ts'
import { FakeClock, runWorkflow } from '../../src/testing/index.ts'

const HOUR_MS = 3_600_000

describe('deferUntil in runWorkflow', () => {
  it('polls on the clock while others run', async () => {
    const clock = new FakeClock()
    const order: string[] = []
    let isThere = false
    clock.callLater('2h', () => {
      isThere = true
    })
    const waiting = workflow('waiting')
      .task('wait', { timeout: '3h' }, async (_, { deferUntil }) => {
        order.push(`wait at ${clock.elapsedMs}`)
        await deferUntil(() => isThere, { pollEvery: '5m' })
        order.push(`go on at ${clock.elapsedMs}`)
      })
      .task('other', () => void order.push(`other at ${clock.elapsedMs}`))

    expect((await runWorkflow(waiting, {}, { clock })).status).toBe('Completed')
    expect(order).toEqual(['wait at 0', 'other at 0', `go on at ${2 * HOUR_MS}`])
  })

  it('lets tasks wait for one another', async () => {
    const reached: string[] = []
    const waiting = workflow('waiting')
      .task('a', async (_, { deferUntil }) => {
        await deferUntil(() => reached.includes('b began'))
        reached.push('a passed')
      })
      .task('b', async (_, { deferUntil }) => {
        reached.push('b began')
        await deferUntil(() => reached.includes('a passed'))
        reached.push('b passed')
      })

    expect((await runWorkflow(waiting, {})).status).toBe('Completed')
    expect(reached).toEqual(['b began', 'a passed', 'b passed'])
  })

  it('ends at the limit of the task when the condition never holds', async () => {
    const clock = new FakeClock()
    const waiting = workflow('waiting').task('wait', { timeout: '2h', retries: 0 }, async (_, { deferUntil }) => {
      await deferUntil(() => false)
    })

    const run = await runWorkflow(waiting, {}, { clock })

    expect(run.tasks.wait.error).toContain("task 'wait' of workflow 'waiting' timed out")
    expect(clock.elapsedMs).toBe(2 * HOUR_MS)
  })

  it('stands still while another task is at work, however many waits one has', async () => {
    const clock = new FakeClock()
    let endedAtMs = -1
    const waiting = workflow('waiting')
      .task('twice', async (_, { deferUntil }) => {
        const wait = () => deferUntil(() => endedAtMs >= 0, { pollEvery: '1m' })
        await Promise.all([wait(), wait()])
      })
      .task('work', async () => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        endedAtMs = clock.elapsedMs
      })

    expect((await runWorkflow(waiting, {}, { clock })).status).toBe('Completed')
    expect(endedAtMs).toBe(0)
  })

  it('stands still while a condition asks something in truth', async () => {
    const clock = new FakeClock()
    const waiting = workflow('waiting').task('wait', async (_, { deferUntil }) => {
      await deferUntil(() => new Promise((resolve) => setTimeout(resolve, 20, true)))
    })

    expect((await runWorkflow(waiting, {}, { clock })).status).toBe('Completed')
    expect(clock.elapsedMs).toBe(1_000)
  })
})

describe('time limits in runWorkflow', () => {
  it('count the time of the clock', async () => {
    const clock = new FakeClock()
    const slow = workflow('slow').task('a', { timeout: '1h', retries: 1, retryOn: 'transient' }, async () => {
      await clock.advance(2 * HOUR_MS)
      return { done: true }
    })

    const run = await runWorkflow(slow, {}, { clock })

    expect(run.tasks.a).toMatchObject({ status: 'Failed', attempts: 2, errorType: 'DeadlineError', output: null })
    expect(run.tasks.a.error).toBe("task 'a' of workflow 'slow' timed out: it exceeded its timeout of 3600 s")
  })

  it('are those of the run where a task has none', async () => {
    const clock = new FakeClock()
    const slow = workflow('slow').task('a', { retries: 0 }, () => clock.advance('2s'))

    expect((await runWorkflow(slow, {}, { clock })).status).toBe('Completed')
    expect((await runWorkflow(slow, {}, { clock, taskTimeout: '1s' })).status).toBe('Failed')
  })

  it('abort the signal of what hangs in truth, and give it up when it does not listen', async () => {
    const reasons: unknown[] = []
    const hanging = workflow('hanging')
      .task('listens', { timeout: '20ms', retries: 0 }, (_, { signal }) => {
        return new Promise<void>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason.name)
            reject(signal.reason)
          })
        })
      })
      .task('deaf', { timeout: '20ms', retries: 0 }, () => new Promise<void>(() => undefined))
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined)

    const run = await runWorkflow(hanging, {})

    expect(run.tasks.listens.errorType).toBe('DeadlineError')
    expect(run.tasks.deaf.errorType).toBe('DeadlineError')
    expect(reasons).toEqual(['DeadlineError'])
    expect(error.mock.calls.flat().join()).toContain(
      "task 'deaf' of workflow 'hanging' is still running one second after its signal was aborted",
    )
    error.mockRestore()
  })
})

describe('FakeClock', () => {
  it('stands still until it is advanced, and does what is planned at its time', async () => {
    const clock = new FakeClock(new Date('2030-01-02T03:04:05Z'))
    const heard: unknown[] = []
    clock.callLater('5s', () => heard.push(['late', clock.elapsedMs]))
    clock.callLater(2_000, async () => {
      await Promise.resolve()
      clock.callLater('1s', () => heard.push(['inner', clock.elapsedMs]))
    })
    clock.callLater('9s', () => heard.push('never'))

    await clock.advance('6s')

    expect(heard).toEqual([
      ['inner', 3_000],
      ['late', 5_000],
    ])
    expect(clock.now().toISOString()).toBe('2030-01-02T03:04:11.000Z')
    expect(new FakeClock().now().toISOString()).toBe('2000-01-01T00:00:00.000Z')
    expect(new FakeClock(5).now().getTime()).toBe(5)
  })

  it('rejects with what a planned function throws', async () => {
    const clock = new FakeClock()
    clock.callLater('1s', () => {
      throw new Error('outside')
    })

    await expect(clock.advance('2s')).rejects.toThrow('outside')
  })

  it('does not change the clocks of the program, and does not mind when the test does', async () => {
    vi.useFakeTimers()
    try {
      const run = await runWorkflow(
        workflow('timed').task('a', { retries: 1, retryDelay: '1h' }, (_, { attempt }) => {
          if (attempt === 1) throw new Error('boom')
        }),
        {},
      )
      expect(run.status).toBe('Completed')
    } finally {
      vi.useRealTimers()
    }
  })

  it.each([
    [
      'no date',
      () => new FakeClock('tomorrow'),
      'The start of a FakeClock must be a date such as \'2030-01-02T03:04:05Z\', but "tomorrow" (string) was given.',
    ],
    ['no number', () => new FakeClock(Number.NaN), 'The start of a FakeClock must be a date'],
    [
      'no function',
      () => new FakeClock().callLater('1s', 5 as never),
      'The second argument of callLater() must be a function, but 5 (number) was given.',
    ],
    [
      'no time',
      () => new FakeClock().callLater('1 day' as never, () => 0),
      "The time must be a duration such as '90s', or a number of milliseconds",
    ],
    ['a time that is past', () => new FakeClock().callLater(-1, () => 0), 'but -1 (number) was given'],
  ])('refuses %s', (_, use, message) => {
    expect(use).toThrow(message)
  })

  it('is moved by one run at a time', async () => {
    const clock = new FakeClock()
    const slow = workflow('slow').task('a', () => new Promise<void>((resolve) => setTimeout(resolve, 5)))
    const first = runWorkflow(slow, {}, { clock })

    await expect(runWorkflow(slow, {}, { clock })).rejects.toThrow(
      'Another runWorkflow or pollTrigger call is still using this FakeClock',
    )
    await first
    expect((await runWorkflow(slow, {}, { clock })).status).toBe('Completed')
  })
})

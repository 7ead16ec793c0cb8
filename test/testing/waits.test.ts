/** Deferred tasks and timeouts in `runWorkflow`, and its `FakeClock`. */

import { describe, expect, it, vi } from 'vitest'
import { workflow } from '../../src/index.ts'
import { FakeClock, runWorkflow } from '../../src/testing/index.ts'

const HOUR_MS = 3_600_000

describe('deferUntil in runWorkflow', () => {
  it('polls on the fake clock while other tasks run', async () => {
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

  it('lets two tasks wait for each other', async () => {
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

  it('ends at the timeout of the task if the condition is never true', async () => {
    const clock = new FakeClock()
    const waiting = workflow('waiting').task('wait', { timeout: '2h', retries: 0 }, async (_, { deferUntil }) => {
      await deferUntil(() => false)
    })

    const run = await runWorkflow(waiting, {}, { clock })

    expect(run.tasks.wait.error).toContain("task 'wait' of workflow 'waiting' timed out")
    expect(clock.elapsedMs).toBe(2 * HOUR_MS)
  })

  it('does not advance the clock while another task runs, even with two waits', async () => {
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

  it('advances the clock by one poll interval while a condition takes real time', async () => {
    const clock = new FakeClock()
    const waiting = workflow('waiting').task('wait', async (_, { deferUntil }) => {
      await deferUntil(() => new Promise((resolve) => setTimeout(resolve, 20, true)))
    })

    expect((await runWorkflow(waiting, {}, { clock })).status).toBe('Completed')
    expect(clock.elapsedMs).toBe(1_000)
  })
})

describe('timeouts in runWorkflow', () => {
  it('use the time of the fake clock', async () => {
    const clock = new FakeClock()
    const slow = workflow('slow').task('a', { timeout: '1h', retries: 1, retryOn: 'transient' }, async () => {
      await clock.advance(2 * HOUR_MS)
      return { done: true }
    })

    const run = await runWorkflow(slow, {}, { clock })

    expect(run.tasks.a).toMatchObject({ status: 'Failed', attempts: 2, errorType: 'DeadlineError', output: null })
    expect(run.tasks.a.error).toBe("task 'a' of workflow 'slow' timed out: it exceeded its timeout of 3600 s")
  })

  it('default to the "taskTimeout" of the run', async () => {
    const clock = new FakeClock()
    const slow = workflow('slow').task('a', { retries: 0 }, () => clock.advance('2s'))

    expect((await runWorkflow(slow, {}, { clock })).status).toBe('Completed')
    expect((await runWorkflow(slow, {}, { clock, taskTimeout: '1s' })).status).toBe('Failed')
  })

  it('abort the signal of a task that hangs in real time, and give up a task that ignores its signal', async () => {
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
  it('stands still until it is advanced, and makes planned calls at their times', async () => {
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

  it('rejects the advance with the error of a planned call', async () => {
    const clock = new FakeClock()
    clock.callLater('1s', () => {
      throw new Error('outside')
    })

    await expect(clock.advance('2s')).rejects.toThrow('outside')
  })

  it('is independent of the fake timers of vitest', async () => {
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
      'a start that is not a date',
      () => new FakeClock('tomorrow'),
      '"start" of a FakeClock must be a date such as \'2030-01-02T03:04:05Z\', but "tomorrow" (string) was given.',
    ],
    ['a start that is NaN', () => new FakeClock(Number.NaN), '"start" of a FakeClock must be a date'],
    [
      'a planned call that is not a function',
      () => new FakeClock().callLater('1s', 5 as never),
      '"happens" of callLater() must be a function, but 5 (number) was given.',
    ],
    [
      'a planned time that is not a duration',
      () => new FakeClock().callLater('1 day' as never, () => 0),
      '"time" must be a duration such as \'90s\', or a number of milliseconds',
    ],
    ['a planned time in the past', () => new FakeClock().callLater(-1, () => 0), 'but -1 (number) was given'],
  ])('refuses %s', (_, use, message) => {
    expect(use).toThrow(message)
  })

  it('can be used by only one run at a time', async () => {
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

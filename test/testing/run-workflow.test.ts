/** `runWorkflow` of cloaca/testing: runs a workflow in the process of the test, with a clock that jumps. */

import { number, object, optional } from 'valibot'
import { describe, expect, it, vi } from 'vitest'
import { all, any, failed, skipped, succeeded, value, workflow } from '../../src/index.ts'
import { FakeClock, runWorkflow } from '../../src/testing/index.ts'

interface Line {
  readonly price: number
  readonly count: number
}

const LINES: readonly Line[] = [
  { price: 2.5, count: 2 },
  { price: 1, count: 3 },
]

const unreachable = (): never => {
  throw new Error('there is no network in tests')
}

const orders = workflow('order_processor', { input: object({ order_id: number(), express: optional(number(), 0) }) })
  .task('fetch', { retries: 3, retryDelay: '1s' }, async (): Promise<{ lines: readonly Line[] }> => unreachable())
  .task('total', { after: 'fetch', when: succeeded('fetch') }, ({ lines }) => ({
    total: lines.reduce((sum, { price, count }) => sum + price * count, 0),
  }))
  .task('alarm', { after: 'fetch', when: failed('fetch') }, () => ({ alarmed: true }))

describe('runWorkflow', () => {
  it('passes the context from task to task, with fakes in the place of functions', async () => {
    const run = await runWorkflow(orders, { order_id: 7 }, { tasks: { fetch: async () => ({ lines: LINES }) } })

    expect(run.status).toBe('Completed')
    expect(run.errorMessage).toBeNull()
    expect(run.context).toEqual({ order_id: 7, express: 0, lines: LINES, total: 8 })
    expect(run.tasks.fetch.input).toEqual({ order_id: 7, express: 0 })
    expect(run.tasks.total.output?.total).toBe(8)
    expect(run.tasks.alarm).toMatchObject({ status: 'Skipped', attempts: 0, input: null, output: null })
  })

  it('accepts an object as the result of a task, and a mock as its function', async () => {
    const fetch = vi.fn(async () => ({ lines: LINES }))

    const once = await runWorkflow(orders, { order_id: 7 }, { tasks: { fetch: { lines: [] } } })
    const mocked = await runWorkflow(orders, { order_id: 7, express: 1 }, { tasks: { fetch } })

    expect(once.context).toMatchObject({ total: 0 })
    expect(mocked.context).toMatchObject({ total: 8 })
    expect(fetch).toHaveBeenCalledExactlyOnceWith({ order_id: 7, express: 1 }, expect.anything())
  })

  it('waits for retries only on the fake clock, and reports the failed task with its traceback', async () => {
    const clock = new FakeClock('2030-01-02T03:04:05Z')

    const run = await runWorkflow(orders, { order_id: 7 }, { clock, tasks: { alarm: { alarmed: true } } })

    expect(run.tasks.fetch).toMatchObject({
      status: 'Failed',
      attempts: 4,
      attemptedAtMs: [0, 1_000, 3_000, 7_000],
      error: 'Task execution failed: Error: there is no network in tests',
      errorType: 'Error',
    })
    expect(run.tasks.fetch.traceback).toContain('run-workflow.test.ts')
    expect(run.tasks.alarm.status).toBe('Completed')
    expect(run.status).toBe('Failed')
    expect(run.errorMessage).toBe(
      '1 task(s) failed, 1 completed, 1 skipped: fetch: Task execution failed: Error: there is no network in tests',
    )
    expect(run.startedAt.toISOString()).toBe('2030-01-02T03:04:05.000Z')
    expect(run.endedAt.toISOString()).toBe('2030-01-02T03:04:12.000Z')
    expect(clock.elapsedMs).toBe(7_000)
  })

  it('checks the input as the engine does', async () => {
    // @ts-expect-error: "order_id" must be a number
    await expect(runWorkflow(orders, { order_id: 'x' })).rejects.toMatchObject({ code: 'INVALID_CONTEXT' })
    // @ts-expect-error: "order_id" is missing
    await expect(runWorkflow(orders, {})).rejects.toThrow(
      'The input of workflow "order_processor" does not match its schema: order_id:',
    )
  })

  it('merges the outputs of several tasks, and keeps numbers unchanged', async () => {
    const merging = workflow('merging')
      .task('left', () => ({ tags: ['a', 'b'], checks: { size: 2 }, last: 'left' }))
      .task('right', () => ({ tags: ['b', 'c'], checks: { kind: 'x' }, last: 'right' }))
      .task('both', { after: ['right', 'left'] }, ({ tags }) => ({ count: tags.length }))

    const run = await runWorkflow(merging, { exact: 1 })

    expect(run.tasks.both.input).toEqual({
      exact: 1,
      tags: ['b', 'c', 'a'],
      checks: { size: 2, kind: 'x' },
      last: 'left',
    })
    expect(run.context).toMatchObject({ count: 3 })
  })

  it('freezes the context of a task', async () => {
    const changing = workflow('changing').task('change', { retries: 0 }, (ctx) => {
      ;(ctx as { lines: unknown[] }).lines.push(1)
    })

    const run = await runWorkflow(changing, { lines: [] })

    expect(run.tasks.change.error).toContain('a context cannot be changed; return the values to add to it')
  })

  it.each([
    ['a rule on a value', value('rows', '>', 2), 'Completed'],
    ['all of no rules', all(), 'Completed'],
    ['any of no rules', any(), 'Skipped'],
    ['skipped, for a completed task', skipped('count'), 'Skipped'],
  ] as const)('evaluates rules: %s', async (_, when, status) => {
    const ruled = workflow('ruled')
      .task('count', () => ({ rows: 3 }))
      .task('next', { after: 'count', when: when as never }, () => ({ ran: true }))

    expect((await runWorkflow(ruled, {})).tasks.next.status).toBe(status)
  })

  it('calls callbacks, and ignores their errors', async () => {
    const heard: unknown[] = []
    const calling = workflow('calling').task(
      'a',
      {
        retries: 1,
        onSuccess: (task, context) => heard.push([task, context]),
        onFailure: (task, error, context) => {
          heard.push([task, error.message, context])
          throw new Error('in the callback')
        },
      },
      (_, { attempt }) => {
        if (attempt === 1) throw new Error('boom')
        return { done: attempt }
      },
    )

    const run = await runWorkflow(calling, { x: 1 })

    expect(run.status).toBe('Completed')
    expect(heard).toEqual([
      ['a', 'boom', { x: 1 }],
      ['a', { x: 1, done: 2 }],
    ])
  })

  it('returns the output and log of tasks', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const talking = workflow('talking').task('say', (_, { log }) => {
      console.log('hello')
      log.info('counted', { rows: 3 })
    })

    const run = await runWorkflow(talking, {})

    expect(run.tasks.say.log).toMatchObject([
      { stream: 'stdout', message: 'hello' },
      { stream: 'log', level: 'INFO', message: 'counted', extra: { rows: 3 } },
    ])
    expect(log.mock.calls).toEqual([['hello']])
    expect(error.mock.calls).toEqual([['INFO counted {"rows":3}']])
    log.mockRestore()
    error.mockRestore()
  })

  it('provides only the secrets of the test', async () => {
    const asking = workflow('asking').task('ask', { retries: 0 }, async (_, { secret }) => {
      const { user = '' } = await secret('db')
      return { user: `${user} of db` }
    })

    expect((await runWorkflow(asking, {}, { secrets: { db: { user: 'ada' } } })).context).toEqual({ user: 'ada of db' })
    expect((await runWorkflow(asking, {}, { secrets: {} })).tasks.ask.error).toContain('db')
    expect((await runWorkflow(asking, {})).tasks.ask.error).toContain('secrets')
  })

  it('runs independent tasks concurrently', async () => {
    const order: string[] = []
    const gate = Promise.withResolvers<void>()
    const parallel = workflow('parallel')
      .task('a', async () => {
        await gate.promise
        order.push('a')
      })
      .task('b', () => {
        order.push('b')
        gate.resolve()
      })

    expect((await runWorkflow(parallel, {})).status).toBe('Completed')
    expect(order).toEqual(['b', 'a'])
  })

  it('reports an unhandled rejection as a failure of the task', async () => {
    const leaving = workflow('leaving').task('leave', { retries: 0 }, async () => {
      void Promise.reject(new Error('nobody handles it'))
      await new Promise((resolve) => setTimeout(resolve, 5))
    })
    const listeners = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection') // Listeners of vitest
    const run = await runWorkflow(leaving, {}).finally(() => {
      for (const listener of listeners) process.on('unhandledRejection', listener)
    })

    expect(run.tasks.leave.error).toContain('nobody handles it')
  })
})

describe('runWorkflow with a task that is written in Python', () => {
  const mixed = workflow('mixed')
    .task('fetch', () => ({ rows: 3 }))
    .task('score', {
      after: 'fetch',
      python: { script: 'score.py', task: 'score', adds: object({ score: number() }) },
    })
    .task('end', { after: 'score' }, ({ score }) => ({ good: score > 1 }))

  it('requires a fake for the Python task', async () => {
    await expect(runWorkflow(mixed, {})).rejects.toThrow(
      'Task "score" of workflow "mixed" is written in Python ("score" in score.py), ' +
        'so it cannot run in a TypeScript unit test. Pass a fake: tasks: { score: … }.',
    )
    expect((await runWorkflow(mixed, {}, { tasks: { score: { score: 2 } } })).context).toMatchObject({ good: true })
  })

  it('checks the result of the fake with the "adds" schema of the task', async () => {
    // @ts-expect-error: "score" must be a number
    const run = await runWorkflow(mixed, {}, { tasks: { score: async () => ({ score: 'high' }) } })

    expect(run.tasks.score.error).toContain(
      'the result of the fake of Python task "score" does not match its "adds" schema: score:',
    )
  })
})

describe('wrong arguments of runWorkflow', () => {
  it.each([
    [
      'rejects a value that is not a workflow',
      () => runWorkflow(orders.declared as never, {} as never),
      '"workflow" of runWorkflow() must be a workflow, as workflow() and task() return it',
    ],
    [
      'rejects a fake of an unknown task',
      () => runWorkflow(orders, { order_id: 1 }, { tasks: { fecth: {} } as never }),
      'Workflow "order_processor" has no task "fecth", so its fake is never used. Did you mean "fetch"?',
    ],
    [
      'rejects a fake that is a number',
      () => runWorkflow(orders, { order_id: 1 }, { tasks: { fetch: 5 as never } }),
      '"tasks.fetch" of runWorkflow() must be a function, or the object that the task returns, ' +
        'but 5 (number) was given.',
    ],
    [
      'rejects fakes that are a number',
      () => runWorkflow(orders, { order_id: 1 }, { tasks: 5 as never }),
      '"tasks" of runWorkflow() must be an object that maps task ids to fakes, but 5 (number) was given.',
    ],
    [
      'rejects an unknown option',
      () => runWorkflow(orders, { order_id: 1 }, { task: {} } as never),
      'Unknown option "task" of runWorkflow(). Did you mean "tasks"?',
    ],
    [
      'rejects a clock that is not a FakeClock',
      () => runWorkflow(orders, { order_id: 1 }, { clock: Date as never }),
      '"clock" of runWorkflow() must be a FakeClock of cloaca/testing',
    ],
    [
      'rejects a timeout that is not a duration',
      () => runWorkflow(orders, { order_id: 1 }, { taskTimeout: '5' as never }),
      '"taskTimeout" of runWorkflow() must be a duration such as "30s", "5m" or "12h", at least 1ms',
    ],
    [
      'rejects a secret that is a string',
      () => runWorkflow(orders, { order_id: 1 }, { secrets: { db: 'password' } as never }),
      '"secrets" of runWorkflow() must be a function, or an object that maps each name to an object of strings',
    ],
    [
      'rejects a context that is not JSON',
      () =>
        runWorkflow(
          workflow('w').task('a', () => undefined),
          { at: new Date() } as never,
        ),
      'context.at',
    ],
    ['rejects a workflow without tasks', () => runWorkflow(workflow('w') as never, {} as never), 'Workflow "w"'],
  ])('%s', async (_, run, message) => {
    await expect(run()).rejects.toThrow(message)
  })
})

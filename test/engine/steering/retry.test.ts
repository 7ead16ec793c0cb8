/** Trying executions again, and what is remembered of their attempts. */

import { describe, expect, it } from 'vitest'
import type { Execution } from '../../../src/model/execution.ts'
import { ACTOR, AT_ONCE, begun, CHAIN, statuses } from '../../support/begun-execution.ts'
import { retrying, workflow } from '../../support/declared.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { completed, type FakeHost, failed } from '../../support/fake-host.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

describe('retrying an execution', () => {
  const DIAMOND = workflow('etl', {
    read: {},
    price: { after: ['read'] },
    stock: { after: ['read'] },
    write: { after: ['price', 'stock'] },
  })
  const FAILED_ONLY = { from: null, all: false }

  /** `price` fails the first time. */
  function flaky(host: FakeHost): FakeHost {
    return host
      .task('read', () => completed('{"rows":1}'))
      .task('price', () => (host.runsOf('price').length === 1 ? failed('no price') : completed('{"price":2}')))
      .task('stock', () => completed('{"stock":3}'))
  }

  async function failedOnce(running: RunningEngine): Promise<Execution> {
    const execution = await running.engine.execute('etl', '{"n":1.0}')
    expect(execution.status).toBe('Failed')
    return execution
  }

  async function retried(running: RunningEngine, scope: { from: string | null; all: boolean }): Promise<Execution> {
    const { id } = await failedOnce(running)
    const retryId = await running.engine.executions.retry(id, scope, ACTOR)
    await settle()
    const execution = await running.engine.getExecution(retryId)
    expect(execution).toMatchObject({ retryOf: id, inputText: '{"n":1.0}', status: 'Completed' })
    return execution as Execution
  }

  const timesRun = ({ host }: RunningEngine) =>
    Object.fromEntries(DIAMOND.tasks.map(({ id }) => [id, host.runsOf(id).length]))

  it('runs what did not complete; what did keeps its output', async () => {
    await using running = await RunningEngine.start({ workflows: [DIAMOND], python: flaky })

    const execution = await retried(running, FAILED_ONLY)

    // `write` completed with what there was, and is kept, too: --from says otherwise.
    expect(timesRun(running)).toEqual({ read: 1, price: 2, stock: 1, write: 1 })
    expect(statuses(execution)).toEqual({
      read: 'Completed',
      price: 'Completed',
      stock: 'Completed',
      write: 'Completed',
    })
  })

  it('from a task on runs that one and all that come after it, with the outputs that are kept', async () => {
    await using running = await RunningEngine.start({ workflows: [DIAMOND], python: flaky })

    const execution = await retried(running, { from: 'price', all: false })

    expect(timesRun(running)).toEqual({ read: 1, price: 2, stock: 1, write: 2 })
    expect(execution.finalText).toBe('{"price":2,"stock":3}')
  })

  it('of all of it runs everything', async () => {
    await using running = await RunningEngine.start({ workflows: [DIAMOND], python: flaky })

    await retried(running, { from: null, all: true })

    expect(timesRun(running)).toEqual({ read: 2, price: 2, stock: 2, write: 2 })
  })

  it('is noted at the old one with the id of the new one', async () => {
    await using running = await RunningEngine.start({ workflows: [DIAMOND], python: flaky })

    const execution = await retried(running, FAILED_ONLY)

    const [action] = await running.engine.executions.actions(execution.retryOf ?? '')
    expect(action).toMatchObject({ kind: 'retry', answer: { text: JSON.stringify({ executionId: execution.id }) } })
  })

  it('is refused while it runs, where nothing failed, and for a task that there is none of', async () => {
    await using running = await RunningEngine.start({
      workflows: [DIAMOND, workflow('slow', { hold: {} })],
      python: (host) => host.task('hold', (request) => host.untilCancelled(request)),
    })
    const done = await running.engine.execute('etl', '{}')
    const { id, ended } = await begun(running, 'slow')
    const retry = (of: string, scope = FAILED_ONLY) => running.engine.executions.retry(of, scope, ACTOR)

    await expect(retry(id)).rejects.toMatchObject({ code: 'ACTION_REFUSED' })
    await expect(retry(done.id)).rejects.toMatchObject({ code: 'ACTION_REFUSED' })
    await expect(retry(done.id, { from: 'pric', all: false } as never)).rejects.toThrow(/no task "pric".*"price"/)
    await expect(retry('nope')).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' })
    await running.engine.executions.cancel(id, { ...AT_ONCE, waits: false })
    await ended
  })
})

describe('attempts', () => {
  it('are remembered one by one, with their instants and what each said', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('job', { flaky: { retry: retrying(2, { initialDelayMs: 100 }) } })],
      python: (host) =>
        host.task('flaky', () =>
          host.runsOf('flaky').length === 1 ? host.after(20, failed('first no')) : host.after(30, completed('{}')),
        ),
    })
    const begunAt = running.clock.now()
    const { id, ended } = await begun(running, 'job')

    await running.clock.advance(1_000)
    await ended

    expect(await running.engine.executions.attempts(id)).toMatchObject([
      {
        taskId: 'flaky',
        attempt: 1,
        outcome: 'failed',
        startedAt: begunAt,
        endedAt: begunAt + 20,
        error: { message: 'first no' },
      },
      {
        taskId: 'flaky',
        attempt: 2,
        outcome: 'completed',
        queuedAt: begunAt + 120,
        startedAt: begunAt + 120,
        endedAt: begunAt + 150,
        error: null,
      },
    ])
  })

  it('that were cut by a stop are remembered as lost', async () => {
    const clock = new FakeClock()
    const store = await openMemoryStore(clock)
    const never = (host: FakeHost) => host.task('read', () => new Promise<never>(() => undefined))
    const running = await RunningEngine.start({ workflows: [CHAIN], python: never, store, clock })
    const { id, ended } = await begun(running)
    ended.catch(() => undefined)

    await running.engine.stop({ graceMs: 0 })

    expect(await store.listAttempts(id)).toMatchObject([
      { taskId: 'read', attempt: 1, outcome: 'lost', error: { type: 'RunnerStopped' } },
    ])
    await store.close()
  })
})

/** Retries of executions, and the stored attempts of their tasks. */

import { describe, expect, it } from 'vitest'
import type { Execution } from '../../../src/model/execution.ts'
import { AT_ONCE, begun, CHAIN, statuses } from '../../support/begun-execution.ts'
import { retrying, workflow } from '../../support/declared.ts'
import { completed, type FakeHost, failed } from '../../support/fake-host.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

describe('retrying an execution', () => {
  const DIAMOND = workflow('etl', {
    read: {},
    price: { after: ['read'] },
    stock: { after: ['read'] },
    write: { after: ['price', 'stock'] },
  })
  const FAILED_ONLY = {}

  /** Makes the task `price` fail the first time. */
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

  async function retried(running: RunningEngine, scope: { from?: string; all?: boolean }): Promise<Execution> {
    const { id } = await failedOnce(running)
    const retryId = await running.engine.services.executions.retry(id, scope)
    await settle()
    const execution = await running.store.getExecution(retryId)
    expect(execution).toMatchObject({ retryOf: id, inputText: '{"n":1.0}', status: 'Completed' })
    return execution as Execution
  }

  const timesRun = ({ host }: RunningEngine) =>
    Object.fromEntries(DIAMOND.tasks.map(({ id }) => [id, host.runsOf(id).length]))

  it('with `once` is rejected if the execution was retried before, and otherwise it can be retried again', async () => {
    await using running = await RunningEngine.start({ workflows: [DIAMOND], python: flaky })
    const { id } = await failedOnce(running)
    const { executions } = running.engine.services

    const first = await executions.retry(id, { once: true, note: 'first' })
    await expect(executions.retry(id, { once: true })).rejects.toMatchObject({
      ...{ code: 'ACTION_REFUSED', message: `Execution "${id}" was already retried.` },
    })
    const second = await executions.retry(id, { note: 'second' })
    await settle()

    const notes = async (of: string) => (await executions.actions(of)).map(({ kind, note }) => `${kind} ${note}`)
    expect([await notes(first), await notes(second)]).toEqual([['retry first'], ['retry second']])
    expect((await notes(id)).toSorted()).toEqual(['retry first', 'retry second'])
  })

  it('runs only tasks that did not complete, and keeps the outputs of the others', async () => {
    await using running = await RunningEngine.start({ workflows: [DIAMOND], python: flaky })

    const execution = await retried(running, FAILED_ONLY)

    // `write` completed without the output of `price`, and its output is kept unless the retry has `from`.
    expect(timesRun(running)).toEqual({ read: 1, price: 2, stock: 1, write: 1 })
    expect(statuses(execution)).toEqual({
      read: 'Completed',
      price: 'Completed',
      stock: 'Completed',
      write: 'Completed',
    })
  })

  it('with "from", runs the given task and its dependents, with kept outputs of the other tasks', async () => {
    await using running = await RunningEngine.start({ workflows: [DIAMOND], python: flaky })

    const execution = await retried(running, { from: 'price' })

    expect(timesRun(running)).toEqual({ read: 1, price: 2, stock: 1, write: 2 })
    expect(execution.finalText).toBe('{"price":2,"stock":3}')
  })

  it('with "all", runs every task again', async () => {
    await using running = await RunningEngine.start({ workflows: [DIAMOND], python: flaky })

    await retried(running, { all: true })

    expect(timesRun(running)).toEqual({ read: 2, price: 2, stock: 2, write: 2 })
  })

  it('adds an action with the ID of the new execution to the old execution', async () => {
    await using running = await RunningEngine.start({ workflows: [DIAMOND], python: flaky })

    const execution = await retried(running, FAILED_ONLY)

    const [action] = await running.engine.services.executions.actions(execution.retryOf ?? '')
    expect(action).toMatchObject({ kind: 'retry', answer: { text: JSON.stringify({ executionId: execution.id }) } })
  })

  it('is rejected for a running, completed or unknown execution, and for an unknown task', async () => {
    await using running = await RunningEngine.start({
      workflows: [DIAMOND, workflow('slow', { hold: {} })],
      python: (host) => host.task('hold', (request) => host.untilCancelled(request)),
    })
    const done = await running.engine.execute('etl', '{}')
    const { id, ended } = await begun(running, 'slow')
    const retry = (of: string, scope: { from?: string } = FAILED_ONLY) =>
      running.engine.services.executions.retry(of, scope)

    await expect(retry(id)).rejects.toMatchObject({ code: 'ACTION_REFUSED' })
    await expect(retry(done.id)).rejects.toMatchObject({ code: 'ACTION_REFUSED' })
    await expect(retry(done.id, { from: 'pric' })).rejects.toThrow(/no task "pric".*"price"/)
    await expect(retry('nope')).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' })
    await running.engine.services.executions.cancel(id, { ...AT_ONCE, wait: false })
    await ended
  })
})

describe('the attempts of an execution', () => {
  it('are stored with their times, outcomes and errors', async () => {
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

    expect(await running.engine.services.executions.attempts(id)).toMatchObject([
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

  it('are stored as lost if the engine stops while they run', async () => {
    const clock = new ManualClock()
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

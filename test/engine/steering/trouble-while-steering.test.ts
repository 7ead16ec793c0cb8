/** Requests of users under difficult conditions: many requests, failed or slow writes, and engines that stop. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NewAction } from '../../../src/model/action.ts'
import { AT_ONCE, begun, CHAIN } from '../../support/begun-execution.ts'
import { trigger, workflow } from '../../support/declared.ts'
import { completed, type FakeHost, failed } from '../../support/fake-host.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { TwoStores } from '../../support/two-stores.ts'

const CANCEL = { ...AT_ONCE, wait: false }
const untilCancelled = (host: FakeHost) => host.task('read', (request) => host.untilCancelled(request))

const MANY = 10_000

it('cancels 10,000 queued executions without starting any of them', async () => {
  await using running = await RunningEngine.start({
    workflows: [CHAIN],
    config: { maxConcurrentTasks: 1 },
    python: untilCancelled,
  })
  const ids = await Promise.all(Array.from({ length: MANY }, () => running.engine.submit('etl', '{}')))
  await settle()
  const begunBefore = running.host.runs.length

  const results = await Promise.all(ids.map((id) => running.engine.services.executions.cancel(id, CANCEL)))
  await settle()

  expect(results.filter(({ state }) => state === 'cancelled')).toHaveLength(MANY)
  expect(await running.engine.services.executions.count()).toEqual({ Cancelled: MANY })
  expect(running.host.runs.length - begunBefore).toBe(0)
  const { ended } = await begun(running)
  void running.engine.services.executions.cancel((await running.store.listExecutions(FIRST_PAGE))[0]?.id ?? '', CANCEL)
  expect((await ended).status).toBe('Cancelled')
})

describe('a database that rejects or delays writes', () => {
  async function refusing() {
    const refusals = new Refusals()
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const running = await RunningEngine.start({
      workflows: [CHAIN],
      python: untilCancelled,
      clock,
      store: refusals.of(store),
    })
    return {
      refusals,
      running,
      [Symbol.asyncDispose]: async () => {
        await running[Symbol.asyncDispose]()
        await store.close()
      },
    }
  }

  it('delays the answer to a cancel until the cancelled state is stored, and stops the task once', async () => {
    await using made = await refusing()
    const { running, refusals } = made
    const { id, ended } = await begun(running)
    refusals.refuse('settle', 3)

    const cancelled = running.engine.services.executions.cancel(id, CANCEL)
    await settle()
    expect(await running.store.getExecution(id)).toMatchObject({ status: 'Running' })
    await running.clock.advance(60_000)

    expect(await cancelled).toMatchObject({ state: 'cancelled', stopped: 1 })
    expect((await ended).status).toBe('Cancelled')
    expect(running.host.cancelled).toEqual([id])
    expect(running.host.runsOf('write')).toEqual([])
  })

  it('delays two cancels of one execution, and both are answered with "cancelled"', async () => {
    await using made = await refusing()
    const { running, refusals } = made
    const { id } = await begun(running)
    const release = refusals.hold('settle')

    const both = [1, 2].map(() => running.engine.services.executions.cancel(id, CANCEL))
    await running.clock.advance(30_000)
    release()

    expect((await Promise.all(both)).map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
    expect((await running.engine.services.executions.actions(id)).map(({ kind }) => kind)).toEqual(['cancel', 'cancel'])
  })
})

describe('a request from another process', () => {
  let stores: TwoStores
  beforeEach(async () => {
    stores = await TwoStores.open()
  })
  afterEach(() => stores[Symbol.asyncDispose]())

  const cancelOf = (id: string): NewAction => ({
    id: crypto.randomUUID(),
    kind: 'cancel',
    target: id,
    source: 'cli',
    note: null,
    argumentsText: '{"waits":false}',
    at: stores.clock.now(),
  })

  /** Stores a request, like a process that does not wait for the answer. */
  const steer = (action: NewAction) =>
    stores.there.steer(action, {
      kind: 'cancel',
      actionIds: [action.id],
      waits: false,
      reason: 'cancelled',
      at: action.at,
    })

  it('is done by the next engine if the first engine stops before reading it, even if sent twice', async () => {
    const dying = await stores.serve({ workflows: [CHAIN], python: untilCancelled })
    const { id, ended } = await begun(dying)
    ended.catch(() => undefined)
    const actions = [cancelOf(id), cancelOf(id)]
    // No time passes, so the engine cannot read the requests.
    for (const action of actions) expect(await steer(action)).toMatchObject({ kind: 'requested' })
    await dying.engine.stop({ graceMs: 0 })

    await using next = await stores.serve({ workflows: [CHAIN], python: untilCancelled })
    await stores.clock.advance(1_000)

    const answers = await Promise.all(actions.map(async (action) => stores.there.actions.get(action.id)))
    expect(answers.map((row) => row?.answer?.isRefused)).toEqual([false, false])
    expect(await stores.there.getExecution(id)).toMatchObject({ status: 'Cancelled' })
    expect(next.host.runsOf('write')).toEqual([])
    await next.engine.stop({ graceMs: 0 })
  })

  it('is done once by the next engine, even if that engine does not have the workflow', {
    tags: ['proof'],
  }, async () => {
    const dying = await stores.serve({ workflows: [CHAIN], python: untilCancelled })
    const { id, ended } = await begun(dying)
    ended.catch(() => undefined)
    const action = cancelOf(id)
    await steer(action)
    await dying.engine.stop({ graceMs: 0 })

    await using serving = await stores.serve({ workflows: [workflow('other', { work: {} })] })
    const finished = serving.record('executionFinished')
    await stores.clock.advance(1_000)
    const { endedAt } = (await stores.there.getExecution(id)) ?? {}
    await stores.clock.advance(60_000)

    expect((await stores.there.actions.get(action.id))?.answer).toMatchObject({ isRefused: false })
    expect(await stores.there.getExecution(id)).toMatchObject({ status: 'Cancelled', endedAt })
    expect(finished).toMatchObject([{ executionId: id, status: 'Cancelled' }])
    expect(serving.host.runs).toEqual([])
    await serving.engine.stop({ graceMs: 0 })
  })

  it('is rejected for an ended execution, and does not stay unanswered', async () => {
    await using serving = await stores.serve({ workflows: [CHAIN] })
    const { id } = await serving.engine.execute('etl', '{}')
    const actions = (['pause', 'resume', 'cancel'] as const).map((kind) => ({ ...cancelOf(id), kind }))
    for (const action of actions) await stores.there.actions.ask(action)

    await stores.clock.advance(1_000)

    const answers = await Promise.all(actions.map((action) => stores.there.actions.get(action.id)))
    expect(answers.map((row) => row?.answer?.text)).toEqual(
      Array(3).fill(`Execution "${id}" has already ended: Completed.`),
    )
    expect(await stores.there.actions.unanswered(9)).toEqual([])
    await serving.engine.stop({ graceMs: 0 })
  })

  it('to poll a trigger that no engine polls stays open, and is rejected after ten minutes', async () => {
    await using serving = await stores.serve({ workflows: [CHAIN], triggers: [trigger('other', { workflow: 'etl' })] })
    const action = { ...cancelOf('inbox'), kind: 'poll' as const, argumentsText: null }
    await stores.there.actions.ask(action)

    await stores.clock.advance(300_000)
    const early = await stores.there.actions.get(action.id)
    await stores.clock.advance(360_000)

    expect(early?.answer).toBeNull()
    expect((await stores.there.actions.get(action.id))?.answer).toMatchObject({ isRefused: true })
    await serving.engine.stop({ graceMs: 0 })
  })

  it('is answered with "asked" after 2 s if the engine stalls, and is done when the engine continues', async () => {
    const refusals = new Refusals()
    const stalling = { ...stores.here, actions: refusals.of(stores.here.actions) }
    await using serving = await stores.serve({ workflows: [CHAIN], python: untilCancelled }, stalling)
    const { id, ended } = await begun(serving)
    ended.catch(() => undefined)
    await using asking = await stores.ask()
    const { executions } = asking.engine.services
    const resume = refusals.hold('unanswered')

    expect(await executions.cancel(id, CANCEL)).toEqual({ state: 'asked' })
    const answers: unknown[] = []
    void executions.cancel(id, { ...CANCEL, answerWithinMs: 10_000 }).then((answer) => answers.push(answer))
    await stores.clock.advance(1_999)
    expect(answers).toEqual([])
    await stores.clock.advance(1)
    expect(answers).toEqual([{ state: 'asked' }])
    expect(serving.host.cancelled).toEqual([])
    resume()
    await stores.clock.advance(0)

    expect(serving.host.cancelled).toEqual([id])
    expect((await ended).status).toBe('Cancelled')
    for (const each of [serving, asking]) await each.engine.stop({ graceMs: 0 })
  })
})

describe('retrying an execution', () => {
  it('is rejected after the execution was pruned, while an earlier retry of the execution completes', async () => {
    await using running = await RunningEngine.start({
      workflows: [CHAIN],
      python: (host) =>
        host
          .task('read', () => completed('{"rows":1.0}'))
          .task('write', () =>
            host.runsOf('write').length === 1 ? failed('no room') : host.after(5_000, completed('{}')),
          ),
    })
    const { id } = await running.engine.execute('etl', '{}')
    const retryId = await running.engine.services.executions.retry(id)
    await running.clock.advance(1_000)

    const pruning = running.engine.services.executions.prune({ olderThanMs: 0 })
    await running.clock.advance(1_000)
    const removed = await pruning
    const again = running.engine.services.executions.retry(id)
    await expect(again).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' })
    await running.clock.advance(10_000)

    expect(removed).toBe(1)
    expect(await running.store.getExecution(retryId)).toMatchObject({ status: 'Completed', retryOf: id })
    expect(running.host.runsOf('read')).toHaveLength(1)
  })

  it('has stored its action, with the ID of the new execution, when it returns', async () => {
    await using running = await RunningEngine.start({
      workflows: [CHAIN],
      python: (host) => host.task('read', () => failed('x')),
    })
    const { id } = await running.engine.execute('etl', '{}')

    const retryId = await running.engine.services.executions.retry(id)
    const actions = await running.engine.services.executions.actions(id)

    expect(actions.map(({ kind, answer }) => [kind, JSON.parse(answer?.text ?? '{}')])).toEqual([
      ['retry', { executionId: retryId }],
    ])
  })
})

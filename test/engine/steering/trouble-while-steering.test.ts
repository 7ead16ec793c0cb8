/** Steering while things go wrong: many at once, a database that refuses or is locked, processes that die in the middle. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NewAction } from '../../../src/model/action.ts'
import { AT_ONCE, begun, CHAIN } from '../../support/begun-execution.ts'
import { trigger, workflow } from '../../support/declared.ts'
import { settle } from '../../support/fake-clock.ts'
import { completed, type FakeHost, failed, SKIP } from '../../support/fake-host.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { TwoStores } from '../../support/two-stores.ts'

const CANCEL = { ...AT_ONCE, waits: false }
const untilCancelled = (host: FakeHost) => host.task('read', (request) => host.untilCancelled(request))

const MANY = 10_000

it('ten thousand executions that wait their turn are cancelled at once, and none of them begins', async () => {
  await using running = await RunningEngine.start({
    workflows: [CHAIN],
    config: { maxConcurrentTasks: 1 },
    python: untilCancelled,
  })
  const ids = await Promise.all(Array.from({ length: MANY }, () => running.engine.submit('etl', '{}')))
  await settle()
  const begunBefore = running.host.runs.length

  const results = await Promise.all(ids.map((id) => running.engine.executions.cancel(id, CANCEL)))
  await settle()

  expect(results.filter(({ state }) => state === 'cancelled')).toHaveLength(MANY)
  expect(await running.engine.executions.count()).toEqual({ Cancelled: MANY })
  expect(running.host.runs.length - begunBefore).toBe(0)
  const { ended } = await begun(running)
  void running.engine.executions.cancel((await running.engine.listExecutions(FIRST_PAGE))[0]?.id ?? '', CANCEL)
  expect((await ended).status).toBe('Cancelled')
})

describe('a database that refuses', () => {
  async function refusing() {
    const refusals = new Refusals()
    const { clock } = await RunningEngine.start({ isIdle: true }).then(async (made) => {
      await made[Symbol.asyncDispose]()
      return made
    })
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

  it('lets a cancel wait for its end to be stored: it is answered once that is, and nothing is done twice', async () => {
    await using made = await refusing()
    const { running, refusals } = made
    const { id, ended } = await begun(running)
    refusals.refuse('settle', 3)

    const cancelled = running.engine.executions.cancel(id, CANCEL)
    await settle()
    expect(await running.engine.getExecution(id)).toMatchObject({ status: 'Running' })
    await running.clock.advance(60_000)

    expect(await cancelled).toMatchObject({ state: 'cancelled', stopped: 1 })
    expect((await ended).status).toBe('Cancelled')
    expect(running.host.cancelled).toEqual([id])
    expect(running.host.runsOf('write')).toEqual([])
  })

  it('that is locked holds up two cancels of one execution, which are then answered alike', async () => {
    await using made = await refusing()
    const { running, refusals } = made
    const { id } = await begun(running)
    const release = refusals.hold('settle')

    const both = [1, 2].map(() => running.engine.executions.cancel(id, CANCEL))
    await running.clock.advance(30_000)
    release()

    expect((await Promise.all(both)).map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
    expect((await running.engine.executions.actions(id)).map(({ kind }) => kind)).toEqual(['cancel', 'cancel'])
  })
})

describe('what another process asks for', () => {
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

  /** Stores a request, as another process does that does not wait for the answer. */
  const steer = (action: NewAction) =>
    stores.there.steer(action, {
      kind: 'cancel',
      actionIds: [action.id],
      waits: false,
      reason: 'cancelled',
      at: action.at,
    })

  it('of one that is killed before it hears of it is done once by the next, however often it was asked', async () => {
    const dying = await stores.serve({ workflows: [CHAIN], python: untilCancelled })
    const { id, ended } = await begun(dying)
    ended.catch(() => undefined)
    const actions = [cancelOf(id), cancelOf(id)]
    // No time passes, in which it could notice them.
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

  it('of one that is killed is done once by any process that serves, also without the workflow', async () => {
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

  it('of one that has ended meanwhile is refused, and not looked at for good', async () => {
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

  it('of a trigger that nobody polls is left to whoever comes, and after ten minutes refused', async () => {
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

  it('is asked and not answered while the process that serves stands still; it is done as soon as that goes on', async () => {
    await using serving = await stores.serve({
      workflows: [CHAIN],
      triggers: [trigger('tick', { workflow: 'etl' })],
      python: (host) => untilCancelled(host).trigger('tick', () => SKIP),
    })
    const { id, ended } = await begun(serving)
    await using asking = await stores.ask()
    const refusals = new Refusals()
    const release = refusals.hold('unanswered')
    const stalled = refusals.of(stores.here.actions)
    expect(await Promise.race([stalled.unanswered(1), Promise.resolve('stalled')])).toBe('stalled')

    const atOnce = await asking.engine.executions.cancel(id, CANCEL)
    release()
    await stores.clock.advance(1_000)

    expect(atOnce).toEqual({ state: 'asked' })
    expect((await ended).status).toBe('Cancelled')
    for (const each of [serving, asking]) await each.engine.stop({ graceMs: 0 })
  })
})

describe('trying again', () => {
  it('of one that is removed meanwhile is refused; one that was tried again before goes on without it', async () => {
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
    const scope = { from: null, all: false }
    const retryId = await running.engine.executions.retry(id, scope, CANCEL.actor)
    await running.clock.advance(1_000)

    const pruning = running.engine.executions.prune({ endedBeforeAt: running.clock.now() }, false, CANCEL.actor)
    await running.clock.advance(1_000)
    const removed = await pruning
    const again = running.engine.executions.retry(id, scope, CANCEL.actor)
    await expect(again).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' })
    await running.clock.advance(10_000)

    expect(removed).toBe(1)
    expect(await running.engine.getExecution(retryId)).toMatchObject({ status: 'Completed', retryOf: id })
    expect(running.host.runsOf('read')).toHaveLength(1)
  })

  it('is stored with who asked for it in one step, so that nobody is told of one that there is not', async () => {
    await using running = await RunningEngine.start({
      workflows: [CHAIN],
      python: (host) => host.task('read', () => failed('x')),
    })
    const { id } = await running.engine.execute('etl', '{}')
    const steps: string[] = []
    running.events.on('executionStarted', () => void steps.push('started'))

    const retryId = await running.engine.executions.retry(id, { from: null, all: false }, CANCEL.actor)
    const actions = await running.engine.executions.actions(id)

    expect(actions.map(({ kind, answer }) => [kind, JSON.parse(answer?.text ?? '{}')])).toEqual([
      ['retry', { executionId: retryId }],
    ])
  })
})

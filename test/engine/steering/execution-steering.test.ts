/** What people do to executions: cancel, pause, resume, retry; here, and in another process. */

import { describe, expect, it } from 'vitest'
import type { Execution } from '../../../src/model/execution.ts'
import { ACTOR, AT_ONCE, begun, CHAIN, statuses } from '../../support/begun-execution.ts'
import { retrying, workflow } from '../../support/declared.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { completed, type FakeHost, failed } from '../../support/fake-host.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { declaration, firedTick, newExecution } from '../../support/store-builders.ts'
import { TwoStores } from '../../support/two-stores.ts'

describe('cancelling an execution', () => {
  const untilCancelled = (host: FakeHost) => host.task('read', (request) => host.untilCancelled(request))

  it('stops what runs, starts nothing further, and gives callers a result that says so', async () => {
    await using running = await RunningEngine.start({ workflows: [CHAIN], python: untilCancelled })
    const { id, ended } = await begun(running)

    const result = await running.engine.executions.cancel(id, {
      actor: { source: 'cli', note: 'wrong day' },
      answerWithinMs: 0,
      waits: false,
    })

    expect(result).toEqual({ state: 'cancelled', stopped: 1, lostScripts: [] })
    expect(await ended).toMatchObject({
      status: 'Cancelled',
      errorMessage: 'cancelled: wrong day',
      finalText: '{"n":1}',
    })
    const stored = await running.engine.getExecution(id)
    expect(stored?.status).toBe('Cancelled')
    expect(statuses(stored as Execution)).toEqual({ read: 'Cancelled', write: 'Cancelled' })
    expect(running.host.runsOf('write')).toEqual([])
    expect(await running.engine.executions.actions(id)).toMatchObject([
      { kind: 'cancel', source: 'cli', note: 'wrong day', answer: { isRefused: false } },
    ])
  })

  it('that waits lets what runs end, and keeps what it came to', async () => {
    await using running = await RunningEngine.start({
      workflows: [CHAIN],
      python: (host) => host.task('read', () => host.after(60, completed('{"rows":3}'))),
    })
    const { id, ended } = await begun(running)

    const cancelled = running.engine.executions.cancel(id, { ...AT_ONCE, waits: true })
    await running.clock.advance(60)

    await cancelled
    const execution = await ended
    expect(execution).toMatchObject({ status: 'Cancelled', finalText: '{"rows":3}' })
    expect(statuses(execution)).toEqual({ read: 'Completed', write: 'Cancelled' })
    expect(running.host.cancelled).toEqual([])
  })

  it('ends one whose tasks wait for a slot, for their retry, or for an interpreter', async () => {
    await using running = await RunningEngine.start({
      workflows: [
        workflow('slow', { hold: {} }),
        workflow('queued', { wait: {} }),
        workflow('retried', { flaky: { retry: retrying(3, { initialDelayMs: 50_000 }) } }),
      ],
      config: { maxConcurrentTasks: 1 },
      python: (host) => host.task('flaky', () => failed('no')).task('hold', (request) => host.untilCancelled(request)),
    })
    const retried = await begun(running, 'retried')
    const slow = await begun(running, 'slow')
    const queued = await begun(running, 'queued')

    for (const { id } of [retried, queued, slow]) {
      await running.engine.executions.cancel(id, { ...AT_ONCE, waits: false })
    }
    await running.clock.advance(60_000)

    for (const { ended } of [retried, queued, slow]) expect((await ended).status).toBe('Cancelled')
    expect(running.host.runsOf('wait')).toEqual([])
    expect(running.host.runsOf('flaky')).toHaveLength(1)
  })

  it('ends one whose task was not let into an interpreter, which is not entered later', async () => {
    await using running = await RunningEngine.start({
      workflows: [CHAIN],
      python: (host) =>
        host.task(
          'read',
          ({ stopping }) =>
            new Promise((resolve) => stopping?.addEventListener('abort', () => resolve({ kind: 'notEntered' }))),
        ),
    })
    const { id, ended } = await begun(running)

    await running.engine.executions.cancel(id, { ...AT_ONCE, waits: false })

    expect(statuses(await ended)).toEqual({ read: 'Cancelled', write: 'Cancelled' })
    expect(await running.engine.executions.attempts(id)).toEqual([])
  })

  it('gives the firing free that started it, so that the same may fire again', async () => {
    await using running = await RunningEngine.start({ workflows: [CHAIN], python: untilCancelled })
    const { store, clock } = running
    await store.saveTriggers([declaration({ workflow: 'etl' })], 0)
    const fire = (n: number) =>
      store.recordFired(
        firedTick({
          lease: null,
          at: clock.now(),
          firingId: `f-${n}`,
          execution: newExecution({ id: `e-${n}`, workflow: 'etl', tasks: CHAIN.tasks.map(({ id }) => id) }),
        }),
      )
    await fire(1)
    expect(await fire(2)).toMatchObject({ kind: 'duplicate' })

    await running.engine.executions.cancel('e-1', { ...AT_ONCE, waits: false })

    expect(await fire(3)).toEqual({ kind: 'started' })
  })

  it('is refused for one that has ended, and for one that does not exist', async () => {
    await using running = await RunningEngine.start({ workflows: [CHAIN] })
    const execution = await running.engine.execute('etl', '{}')

    const cancel = (id: string) => running.engine.executions.cancel(id, { ...AT_ONCE, waits: false })

    await expect(cancel(execution.id)).rejects.toMatchObject({
      code: 'ACTION_REFUSED',
      message: `Execution "${execution.id}" has already ended: Completed.`,
    })
    await expect(cancel('nope')).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' })
  })

  it('is done at once where nobody serves', async () => {
    const clock = new FakeClock()
    await using idle = await RunningEngine.start({ isIdle: true, clock })
    const id = await idle.engine.submitDefinition(CHAIN, '{"n":1}')

    const result = await idle.engine.executions.cancel(id, { ...AT_ONCE, waits: false })

    expect(result).toEqual({ state: 'cancelled', stopped: 0, lostScripts: [] })
    expect(await idle.engine.getExecution(id)).toMatchObject({ status: 'Cancelled', finalText: '{"n":1}' })
  })

  it('of another process is done by the one that runs it, which answers within a second', async () => {
    await using stores = await TwoStores.open()
    await using serving = await stores.serve({ workflows: [CHAIN], python: untilCancelled })
    await using asking = await stores.ask()
    const { id, ended } = await begun(serving)

    const result = asking.engine.executions.cancel(id, { actor: ACTOR, answerWithinMs: 5_000, waits: false })
    await stores.clock.advance(500)
    await stores.clock.advance(500)

    expect(await result).toMatchObject({ state: 'cancelled', stopped: 1 })
    expect((await ended).status).toBe('Cancelled')
    for (const each of [serving, asking]) await each.engine.stop({ graceMs: 0 })
  })

  it('goes on in the process that takes over from one that died in the middle', async () => {
    const clock = new FakeClock()
    const store = await openMemoryStore(clock)
    const never = (host: FakeHost) => host.task('read', () => new Promise<never>(() => undefined))
    const dying = await RunningEngine.start({ workflows: [CHAIN], python: never, store, clock })
    const { id, ended } = await begun(dying)
    ended.catch(() => undefined)
    void dying.engine.executions.cancel(id, { ...AT_ONCE, waits: false })
    await settle()
    await dying.engine.stop({ graceMs: 0 })

    await using next = await RunningEngine.start({ workflows: [CHAIN], store, clock })
    await settle()

    const execution = await next.engine.getExecution(id)
    expect(execution).toMatchObject({ status: 'Cancelled', cancelRequestedAt: expect.any(Number) })
    expect(next.host.runs).toEqual([])
    await next.engine.stop({ graceMs: 0 })
    await store.close()
  })
})

describe('pausing an execution', () => {
  it('lets what runs end, and begins nothing further until it is resumed', async () => {
    await using running = await RunningEngine.start({
      workflows: [CHAIN],
      python: (host) => host.task('read', () => host.after(60, completed('{"rows":3}'))),
    })
    const { id, ended } = await begun(running)

    await running.engine.executions.pause(id, AT_ONCE)
    await running.clock.advance(60)
    expect(await running.engine.getExecution(id)).toMatchObject({ status: 'Paused', pausedAt: expect.any(Number) })
    expect(running.host.runsOf('write')).toEqual([])
    await running.engine.executions.resume(id, AT_ONCE)

    expect(await ended).toMatchObject({ status: 'Completed' })
    expect(running.host.runsOf('write')).toHaveLength(1)
  })

  it('holds what waits for a slot, and gives it its place again', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('slow', { hold: {} }), workflow('queued', { wait: {} })],
      config: { maxConcurrentTasks: 1 },
      python: (host) => host.task('hold', () => host.after(60, completed('{}'))),
    })
    const slow = await begun(running, 'slow')
    const queued = await begun(running, 'queued')

    await running.engine.executions.pause(queued.id, AT_ONCE)
    await running.clock.advance(60)
    expect((await slow.ended).status).toBe('Completed')
    expect(running.host.runsOf('wait')).toEqual([])
    await running.engine.executions.resume(queued.id, AT_ONCE)

    expect((await queued.ended).status).toBe('Completed')
  })

  it('outlives the process: whoever takes it over holds it', async () => {
    const clock = new FakeClock()
    const store = await openMemoryStore(clock)
    const idle = await RunningEngine.start({ isIdle: true, store, clock })
    const id = await idle.engine.submitDefinition(CHAIN, '{}')
    await idle.engine.executions.pause(id, AT_ONCE)

    await using serving = await RunningEngine.start({ workflows: [CHAIN], store, clock })
    await settle()
    expect(serving.host.runs).toEqual([])
    expect(await serving.engine.getExecution(id)).toMatchObject({ status: 'Paused' })
    await serving.engine.executions.resume(id, AT_ONCE)
    await settle()

    expect(await serving.engine.getExecution(id)).toMatchObject({ status: 'Completed' })
    await serving.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('does not keep it from being cancelled', async () => {
    await using running = await RunningEngine.start({ isIdle: true, workflows: [CHAIN] })
    const id = await running.engine.submitDefinition(CHAIN, '{}')
    await running.engine.executions.pause(id, AT_ONCE)
    await running.engine.start()
    await settle()

    await running.engine.executions.cancel(id, { ...AT_ONCE, waits: false })

    expect(await running.engine.getExecution(id)).toMatchObject({ status: 'Cancelled', pausedAt: null })
  })

  it('is refused for one that has ended', async () => {
    await using running = await RunningEngine.start({ workflows: [CHAIN] })
    const { id } = await running.engine.execute('etl', '{}')

    await expect(running.engine.executions.pause(id, AT_ONCE)).rejects.toMatchObject({ code: 'ACTION_REFUSED' })
    await expect(running.engine.executions.resume('nope', AT_ONCE)).rejects.toMatchObject({
      code: 'EXECUTION_NOT_FOUND',
    })
  })
})

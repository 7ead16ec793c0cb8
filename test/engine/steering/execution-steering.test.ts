/** Cancel, pause and resume of executions, requested in the same process or in another process. */

import { describe, expect, it } from 'vitest'
import type { Execution } from '../../../src/model/execution.ts'
import { ACTOR, AT_ONCE, begun, CHAIN, statuses } from '../../support/begun-execution.ts'
import { retrying, workflow } from '../../support/declared.ts'
import { completed, type FakeHost, failed } from '../../support/fake-host.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { declaration, firedTick, newExecution } from '../../support/store-builders.ts'
import { TwoStores } from '../../support/two-stores.ts'

describe('cancelling an execution', () => {
  const untilCancelled = (host: FakeHost) => host.task('read', (request) => host.untilCancelled(request))

  it('stops its running task, starts no other task, and returns a cancelled result to its callers', async () => {
    await using running = await RunningEngine.start({ workflows: [CHAIN], python: untilCancelled })
    const { id, ended } = await begun(running)

    const result = await running.engine.services.executions.cancel(id, {
      source: 'cli',
      note: 'wrong day',
      answerWithinMs: 0,
      wait: false,
    })

    expect(result).toEqual({ state: 'cancelled', stopped: 1, lostScripts: [] })
    expect(await ended).toMatchObject({
      status: 'Cancelled',
      errorMessage: 'cancelled: wrong day',
      finalText: '{"n":1}',
    })
    const stored = await running.store.getExecution(id)
    expect(stored?.status).toBe('Cancelled')
    expect(statuses(stored as Execution)).toEqual({ read: 'Cancelled', write: 'Cancelled' })
    expect(running.host.runsOf('write')).toEqual([])
    expect(await running.engine.services.executions.actions(id)).toMatchObject([
      { kind: 'cancel', source: 'cli', note: 'wrong day', answer: { isRefused: false } },
    ])
  })

  it('with wait, lets the running task end and keeps its output', async () => {
    await using running = await RunningEngine.start({
      workflows: [CHAIN],
      python: (host) => host.task('read', () => host.after(60, completed('{"rows":3}'))),
    })
    const { id, ended } = await begun(running)

    const cancelled = running.engine.services.executions.cancel(id, { ...AT_ONCE, wait: true })
    await running.clock.advance(60)

    await cancelled
    const execution = await ended
    expect(execution).toMatchObject({ status: 'Cancelled', finalText: '{"rows":3}' })
    expect(statuses(execution)).toEqual({ read: 'Completed', write: 'Cancelled' })
    expect(running.host.cancelled).toEqual([])
  })

  it('ends executions whose task is running, waits for a slot, or waits for a retry', async () => {
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
      await running.engine.services.executions.cancel(id, { ...AT_ONCE, wait: false })
    }
    await running.clock.advance(60_000)

    for (const { ended } of [retried, queued, slow]) expect((await ended).status).toBe('Cancelled')
    expect(running.host.runsOf('wait')).toEqual([])
    expect(running.host.runsOf('flaky')).toHaveLength(1)
  })

  it('ends an execution whose task waits for an interpreter, without an attempt of the task', async () => {
    await using running = await RunningEngine.start({
      workflows: [CHAIN],
      python: (host) =>
        host.task(
          'read',
          ({ stopping }) =>
            new Promise((resolve) => stopping?.addEventListener('abort', () => resolve({ kind: 'notStarted' }))),
        ),
    })
    const { id, ended } = await begun(running)

    await running.engine.services.executions.cancel(id, { ...AT_ONCE, wait: false })

    expect(statuses(await ended)).toEqual({ read: 'Cancelled', write: 'Cancelled' })
    expect(await running.engine.services.executions.attempts(id)).toEqual([])
  })

  it('makes an equal firing of its trigger possible again', async () => {
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

    await running.engine.services.executions.cancel('e-1', { ...AT_ONCE, wait: false })

    expect(await fire(3)).toEqual({ kind: 'started' })
  })

  it('is rejected for an ended or unknown execution', async () => {
    await using running = await RunningEngine.start({ workflows: [CHAIN] })
    const execution = await running.engine.execute('etl', '{}')

    const cancel = (id: string) => running.engine.services.executions.cancel(id, { ...AT_ONCE, wait: false })

    await expect(cancel(execution.id)).rejects.toMatchObject({
      code: 'ACTION_REFUSED',
      message: `Execution "${execution.id}" has already ended: Completed.`,
    })
    await expect(cancel('nope')).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' })
  })

  it('is done immediately if no engine serves the database', async () => {
    const clock = new ManualClock()
    await using idle = await RunningEngine.start({ isIdle: true, clock })
    const id = await idle.engine.submitDefinition(CHAIN, '{"n":1}')

    const result = await idle.engine.services.executions.cancel(id, { ...AT_ONCE, wait: false })

    expect(result).toEqual({ state: 'cancelled', stopped: 0, lostScripts: [] })
    expect(await idle.store.getExecution(id)).toMatchObject({ status: 'Cancelled', finalText: '{"n":1}' })
  })

  it('is done within a second by the engine that runs the execution if another process requests it', async () => {
    await using stores = await TwoStores.open()
    await using serving = await stores.serve({ workflows: [CHAIN], python: untilCancelled })
    await using asking = await stores.ask()
    const { id, ended } = await begun(serving)

    const result = asking.engine.services.executions.cancel(id, { ...ACTOR, answerWithinMs: 5_000, wait: false })
    await stores.clock.advance(500)
    await stores.clock.advance(500)

    expect(await result).toMatchObject({ state: 'cancelled', stopped: 1 })
    expect((await ended).status).toBe('Cancelled')
    for (const each of [serving, asking]) await each.engine.stop({ graceMs: 0 })
  })

  it('is completed by the next engine if the first engine stops during the cancel', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const never = (host: FakeHost) => host.task('read', () => new Promise<never>(() => undefined))
    const dying = await RunningEngine.start({ workflows: [CHAIN], python: never, store, clock })
    const { id, ended } = await begun(dying)
    ended.catch(() => undefined)
    void dying.engine.services.executions.cancel(id, { ...AT_ONCE, wait: false })
    await settle()
    await dying.engine.stop({ graceMs: 0 })

    await using next = await RunningEngine.start({ workflows: [CHAIN], store, clock })
    await settle()

    const execution = await next.store.getExecution(id)
    expect(execution).toMatchObject({ status: 'Cancelled', cancelRequestedAt: expect.any(Number) })
    expect(next.host.runs).toEqual([])
    await next.engine.stop({ graceMs: 0 })
    await store.close()
  })
})

describe('pausing an execution', () => {
  it('lets the running task end, and starts no other task until the resume', async () => {
    await using running = await RunningEngine.start({
      workflows: [CHAIN],
      python: (host) => host.task('read', () => host.after(60, completed('{"rows":3}'))),
    })
    const { id, ended } = await begun(running)

    await running.engine.services.executions.pause(id, AT_ONCE)
    await running.clock.advance(60)
    expect(await running.store.getExecution(id)).toMatchObject({ status: 'Paused', pausedAt: expect.any(Number) })
    expect(running.host.runsOf('write')).toEqual([])
    await running.engine.services.executions.resume(id, AT_ONCE)

    expect(await ended).toMatchObject({ status: 'Completed' })
    expect(running.host.runsOf('write')).toHaveLength(1)
  })

  it('keeps a task that waits for a slot from starting until the resume', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('slow', { hold: {} }), workflow('queued', { wait: {} })],
      config: { maxConcurrentTasks: 1 },
      python: (host) => host.task('hold', () => host.after(60, completed('{}'))),
    })
    const slow = await begun(running, 'slow')
    const queued = await begun(running, 'queued')

    await running.engine.services.executions.pause(queued.id, AT_ONCE)
    await running.clock.advance(60)
    expect((await slow.ended).status).toBe('Completed')
    expect(running.host.runsOf('wait')).toEqual([])
    await running.engine.services.executions.resume(queued.id, AT_ONCE)

    expect((await queued.ended).status).toBe('Completed')
  })

  it('stays in effect when another engine takes the execution over', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const idle = await RunningEngine.start({ isIdle: true, store, clock })
    const id = await idle.engine.submitDefinition(CHAIN, '{}')
    await idle.engine.services.executions.pause(id, AT_ONCE)

    await using serving = await RunningEngine.start({ workflows: [CHAIN], store, clock })
    await settle()
    expect(serving.host.runs).toEqual([])
    expect(await serving.store.getExecution(id)).toMatchObject({ status: 'Paused' })
    await serving.engine.services.executions.resume(id, AT_ONCE)
    await settle()

    expect(await serving.store.getExecution(id)).toMatchObject({ status: 'Completed' })
    await serving.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('does not prevent a cancel of the execution', async () => {
    await using running = await RunningEngine.start({ isIdle: true, workflows: [CHAIN] })
    const id = await running.engine.submitDefinition(CHAIN, '{}')
    await running.engine.services.executions.pause(id, AT_ONCE)
    await running.engine.start()
    await settle()

    await running.engine.services.executions.cancel(id, { ...AT_ONCE, wait: false })

    expect(await running.store.getExecution(id)).toMatchObject({ status: 'Cancelled', pausedAt: null })
  })

  it('is rejected for an ended execution, and a resume is rejected for an unknown one', async () => {
    await using running = await RunningEngine.start({ workflows: [CHAIN] })
    const { id } = await running.engine.execute('etl', '{}')

    await expect(running.engine.services.executions.pause(id, AT_ONCE)).rejects.toMatchObject({
      code: 'ACTION_REFUSED',
    })
    await expect(running.engine.services.executions.resume('nope', AT_ONCE)).rejects.toMatchObject({
      code: 'EXECUTION_NOT_FOUND',
    })
  })
})

/** Answers to cancels, pauses and resumes: each answer matches the stored state, whichever engine gives it. */

import { expect, it } from 'vitest'
import { AT_ONCE, begun, CHAIN } from '../../support/begun-execution.ts'
import { workflow } from '../../support/declared.ts'
import { completed, type FakeHost } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { TwoStores } from '../../support/two-stores.ts'
import { SeparateProcesses, TAKE_OVER_MS } from '../separate-processes.ts'

/** Workflow with a single task, so that no task follows the running one. */
const SINGLE = workflow('etl', { read: {} })
const untilCancelled = (host: FakeHost) => host.task('read', (request) => host.untilCancelled(request))

it('continues an execution in its new owner if its former owner receives the resume', async () => {
  await using processes = new SeparateProcesses()
  const python = (host: FakeHost) => host.task('read', () => host.after(1_000, completed('{"rows":3}')))
  const former = await processes.start({ workflows: [CHAIN], python })
  const { id, ended } = await begun(former)
  ended.catch(() => undefined)
  await former.engine.services.executions.pause(id, AT_ONCE)
  await former.clock.advance(1_000)
  const next = await processes.start({ workflows: [CHAIN], python })
  await next.clock.advance(TAKE_OVER_MS)

  former.clock.standStill(TAKE_OVER_MS)
  await former.engine.services.executions.resume(id, AT_ONCE)
  await next.clock.advance(1_000)

  expect(await next.store.getExecution(id)).toMatchObject({ status: 'Completed' })
  expect(next.host.runsOf('write')).toHaveLength(1)
})

it('answers "asked" if a former owner receives the cancel, which the new owner then performs', async () => {
  await using processes = new SeparateProcesses()
  const parts = { workflows: [SINGLE], python: untilCancelled }
  const former = await processes.start(parts)
  const { id, ended } = await begun(former)
  ended.catch(() => undefined)
  const next = await processes.start(parts)
  await next.clock.advance(TAKE_OVER_MS)

  former.clock.standStill(TAKE_OVER_MS)
  const { state } = await former.engine.services.executions.cancel(id, { ...AT_ONCE, wait: false })
  const statusWhenAnswered = (await next.store.getExecution(id))?.status
  await next.clock.advance(1_000)

  expect({ state, statusWhenAnswered }).toEqual({ state: 'asked', statusWhenAnswered: 'Running' })
  expect(await next.store.getExecution(id)).toMatchObject({ status: 'Cancelled' })
})

it('answers "asked" to a cancel if the engine stops first, and the next engine cancels the execution', async () => {
  const clock = new ManualClock()
  const store = await openMemoryStore(clock)
  const stopping = await RunningEngine.start({ workflows: [SINGLE], python: untilCancelled, store, clock })
  const { id, ended } = await begun(stopping)
  ended.catch(() => undefined)

  const cancelled = stopping.engine.services.executions.cancel(id, { ...AT_ONCE, wait: true })
  await clock.advance(0)
  await stopping.engine.stop({ graceMs: 0 })
  const { state } = await cancelled
  const next = await RunningEngine.start({ workflows: [SINGLE], store, clock })
  await clock.advance(1_000)

  expect(state).toBe('asked')
  expect(await next.store.getExecution(id)).toMatchObject({ status: 'Cancelled' })
  expect(next.host.runs).toEqual([])
  await next.engine.stop({ graceMs: 0 })
  await store.close()
})

it('keeps an execution running if another engine pauses it and its owner then resumes it', async () => {
  await using stores = await TwoStores.open()
  await using owner = await stores.serve({
    workflows: [CHAIN],
    python: (host) => host.task('read', () => host.after(2_000, completed('{"rows":3}'))),
  })
  await using other = await stores.ask()
  const { id, ended } = await begun(owner)
  ended.catch(() => undefined)

  const paused = await other.engine.services.executions.pause(id, AT_ONCE)
  const resumed = await owner.engine.services.executions.resume(id, AT_ONCE)
  await stores.clock.advance(5_000) // the owner polls for requests of other engines every 500 ms

  expect([paused.state, resumed.state]).toEqual(['asked', 'done'])
  expect(await owner.store.getExecution(id)).toMatchObject({ status: 'Completed', pausedAt: null })
})

it('after a takeover, starts no task of an execution that was cancelled while its owner was silent', async () => {
  await using processes = new SeparateProcesses()
  const silent = await processes.start({ workflows: [CHAIN], python: untilCancelled })
  const { id, ended } = await begun(silent)
  ended.catch(() => undefined)
  const next = await processes.start({ workflows: [CHAIN] })
  await silent.clock.advance(3_000) // the last heartbeat of this engine
  await next.clock.advance(8_000)

  const { state } = await next.engine.services.executions.cancel(id, { ...AT_ONCE, wait: false })
  await next.clock.advance(10_000) // takes over after 10 s of silence, and polls for requests every 30 s

  expect(state).toBe('asked')
  expect(next.host.runs).toEqual([])
  expect(await next.store.getExecution(id)).toMatchObject({ status: 'Cancelled' })
})

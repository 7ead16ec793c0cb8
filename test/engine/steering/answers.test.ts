/** Answers to cancels, pauses and resumes: each is true in the store, whichever engine gives it. */

import { expect, it } from 'vitest'
import { AT_ONCE, begun, CHAIN } from '../../support/begun-execution.ts'
import { workflow } from '../../support/declared.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { completed, type FakeHost } from '../../support/fake-host.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { TwoStores } from '../../support/two-stores.ts'
import { SeparateProcesses, TAKE_OVER_MS } from '../separate-processes.ts'

/** Without a task after the one that runs. */
const SINGLE = workflow('etl', { read: {} })
const untilCancelled = (host: FakeHost) => host.task('read', (request) => host.untilCancelled(request))

it('continues an execution at its new owner, if it is resumed at its former owner', async () => {
  await using processes = new SeparateProcesses()
  const python = (host: FakeHost) => host.task('read', () => host.after(1_000, completed('{"rows":3}')))
  const former = await processes.start({ workflows: [CHAIN], python })
  const { id, ended } = await begun(former)
  ended.catch(() => undefined)
  await former.engine.executions.pause(id, AT_ONCE)
  await former.clock.advance(1_000)
  const next = await processes.start({ workflows: [CHAIN], python })
  await next.clock.advance(TAKE_OVER_MS)

  former.clock.standStill(TAKE_OVER_MS)
  await former.engine.executions.resume(id, AT_ONCE)
  await next.clock.advance(1_000)

  expect(await next.engine.getExecution(id)).toMatchObject({ status: 'Completed' })
  expect(next.host.runsOf('write')).toHaveLength(1)
})

it('answers "asked" to a cancel at a former owner, until the new owner has cancelled the execution', async () => {
  await using processes = new SeparateProcesses()
  const parts = { workflows: [SINGLE], python: untilCancelled }
  const former = await processes.start(parts)
  const { id, ended } = await begun(former)
  ended.catch(() => undefined)
  const next = await processes.start(parts)
  await next.clock.advance(TAKE_OVER_MS)

  former.clock.standStill(TAKE_OVER_MS)
  const { state } = await former.engine.executions.cancel(id, { ...AT_ONCE, waits: false })
  const statusWhenAnswered = (await next.engine.getExecution(id))?.status
  await next.clock.advance(1_000)

  expect({ state, statusWhenAnswered }).toEqual({ state: 'asked', statusWhenAnswered: 'Running' })
  expect(await next.engine.getExecution(id)).toMatchObject({ status: 'Cancelled' })
})

it('answers "asked" to a cancel if its engine stops first, and the next engine ends the execution', async () => {
  const clock = new FakeClock()
  const store = await openMemoryStore(clock)
  const stopping = await RunningEngine.start({ workflows: [SINGLE], python: untilCancelled, store, clock })
  const { id, ended } = await begun(stopping)
  ended.catch(() => undefined)

  const cancelled = stopping.engine.executions.cancel(id, { ...AT_ONCE, waits: true })
  await clock.advance(0)
  await stopping.engine.stop({ graceMs: 0 })
  const { state } = await cancelled
  const next = await RunningEngine.start({ workflows: [SINGLE], store, clock })
  await clock.advance(1_000)

  expect(state).toBe('asked')
  expect(await next.engine.getExecution(id)).toMatchObject({ status: 'Cancelled' })
  expect(next.host.runs).toEqual([])
  await next.engine.stop({ graceMs: 0 })
  await store.close()
})

it('keeps an execution running that was paused at another engine and then resumed at its owner', async () => {
  await using stores = await TwoStores.open()
  await using owner = await stores.serve({
    workflows: [CHAIN],
    python: (host) => host.task('read', () => host.after(2_000, completed('{"rows":3}'))),
  })
  await using other = await stores.ask()
  const { id, ended } = await begun(owner)
  ended.catch(() => undefined)

  const paused = await other.engine.executions.pause(id, AT_ONCE)
  const resumed = await owner.engine.executions.resume(id, AT_ONCE)
  await stores.clock.advance(5_000) // the owner looks for requests of others every 500 ms

  expect([paused.state, resumed.state]).toEqual(['asked', 'done'])
  expect(await owner.engine.getExecution(id)).toMatchObject({ status: 'Completed', pausedAt: null })
})

it('starts no task of an execution that was cancelled while its owner was silent, after the take-over', async () => {
  await using processes = new SeparateProcesses()
  const silent = await processes.start({ workflows: [CHAIN], python: untilCancelled })
  const { id, ended } = await begun(silent)
  ended.catch(() => undefined)
  const next = await processes.start({ workflows: [CHAIN] })
  await silent.clock.advance(3_000) // its last heartbeat
  await next.clock.advance(8_000)

  const { state } = await next.engine.executions.cancel(id, { ...AT_ONCE, waits: false })
  await next.clock.advance(10_000) // takes over after 10 s of silence, and looks for requests every 30 s

  expect(state).toBe('asked')
  expect(next.host.runs).toEqual([])
  expect(await next.engine.getExecution(id)).toMatchObject({ status: 'Cancelled' })
})

/** Delays: opening, ending, fail-over, pause, cancel and retry. */

import { describe, expect, it } from 'vitest'
import { AT_ONCE } from '../../support/begun-execution.ts'
import { workflow } from '../../support/declared.ts'
import { completed, failed } from '../../support/fake-host.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { openWaits } from '../../support/open-waits.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { startWaiting, statusesOf, storedExecution } from '../../support/waiting-executions.ts'

const DELAY_MS = 30_000
const DELAY = { kind: 'after', ms: DELAY_MS } as const
const REFUND = workflow('refund', { prepare: {}, cool: { after: ['prepare'], delay: DELAY }, pay: { after: ['cool'] } })

describe('a delay', () => {
  it('starts the next task when its time has passed, with the unchanged context', async () => {
    await using running = await RunningEngine.start({
      workflows: [REFUND],
      python: (host) => host.task('prepare', () => completed('{"order":7,"price":1.0}')),
    })

    const ended = running.engine.execute('refund', '{"order":7}')
    await running.clock.advance(DELAY_MS - 1)
    expect(running.host.runsOf('pay')).toEqual([])
    await running.clock.advance(1)

    expect(running.host.runsOf('pay')).toMatchObject([{ inputText: '{"order":7,"price":1.0}' }])
    const execution = await ended
    expect(statusesOf(execution.tasks)).toEqual({ prepare: 'Completed', cool: 'Completed', pay: 'Completed' })
  })

  it('leaves an execution in which only waits are open without an owner and out of memory', async () => {
    await using running = await RunningEngine.start({ workflows: [REFUND] })

    const id = await startWaiting(running)

    expect(await running.store.listInstances(running.clock.now())).toMatchObject([{ executions: 0 }])
    const execution = await storedExecution(running, id)
    expect(execution.status).toBe('Running')
    expect(statusesOf(execution.tasks)).toEqual({ prepare: 'Completed', cool: 'Waiting', pay: 'NotStarted' })
    expect(await openWaits(running.store, id)).toMatchObject([{ node: 'cool', kind: 'delay' }])
  })

  it('keeps the execution while another task runs, and then ends without a new acquisition', async () => {
    const parts = { long: {}, cool: { delay: { kind: 'after', ms: 100 } as const }, pay: { after: ['cool'] } }
    await using running = await RunningEngine.start({
      workflows: [workflow('both', parts)],
      python: (host) => host.task('long', () => host.after(1_000, completed('{}'))),
    })
    const started = running.record('executionStarted')

    const ended = running.engine.execute('both', '{}')
    await running.clock.advance(100)
    expect(running.host.runsOf('pay')).toHaveLength(1)
    await running.clock.advance(900)

    expect((await ended).status).toBe('Completed')
    expect(started).toHaveLength(1)
  })

  it.each([
    ['2030-01-02T02:29:59Z', '2030-01-02T02:30:00Z', '03:30'],
    ['2030-01-02T02:30:00Z', '2030-01-03T02:30:00Z', '03:30'],
    // The clock jumps from 02:00 to 03:00 on 31 March 2030, and from 03:00 to 02:00 on 27 October 2030.
    ['2030-03-30T12:00:00Z', '2030-03-31T01:00:00Z', '02:30'],
    ['2030-10-26T12:00:00Z', '2030-10-27T00:30:00Z', '02:30'],
    ['2030-10-27T00:30:00Z', '2030-10-28T01:30:00Z', '02:30'],
  ])('that opens at %s ends at %s, when clocks in Berlin next show %s', async (openedAt, endsAt, time) => {
    const clock = new ManualClock(Date.parse(openedAt))
    const until = { kind: 'until', time: { time, timezone: 'Europe/Berlin' } } as const
    const night = workflow('night', { cool: { delay: until } })
    await using running = await RunningEngine.start({ workflows: [night], clock })

    const id = await startWaiting(running, 'night')

    expect(await openWaits(running.store, id)).toMatchObject([{ until: Date.parse(endsAt) }])
  })

  it('ends when the wall clock is set to a time after its end, and not before', async () => {
    await using running = await RunningEngine.start({ workflows: [REFUND] })
    const id = await startWaiting(running)

    await running.clock.setWall(DELAY_MS - 1)
    await running.clock.advance(0)
    expect(statusesOf((await storedExecution(running, id)).tasks)).toMatchObject({ cool: 'Waiting' })
    await running.clock.setWall(1)
    await running.clock.advance(0)

    expect((await storedExecution(running, id)).status).toBe('Completed')
  })

  it('fails if this machine does not have its zone', async () => {
    const until = { kind: 'until', time: { time: '03:30', timezone: 'Mars/Olympus' } } as const
    await using running = await RunningEngine.start({ workflows: [workflow('night', { cool: { delay: until } })] })

    const { status, tasks } = await running.engine.execute('night', '{}')

    expect([status, tasks[0]?.error?.type]).toEqual(['Failed', 'WaitNotOpened'])
    expect(tasks[0]?.error?.message).toContain('Mars/Olympus')
  })

  it('ends at the latest time that can be shown if its end is later', async () => {
    const far = { kind: 'after', ms: 8_640_000_000_000_000 } as const
    await using running = await RunningEngine.start({ workflows: [workflow('far', { cool: { delay: far } })] })

    const id = await startWaiting(running, 'far')

    const [wait] = await openWaits(running.store, id)
    expect(new Date(wait?.until ?? Number.NaN).toISOString()).toBe('+275760-09-13T00:00:00.000Z')
  })

  it('is ended by another engine after the engine that opened it has stopped', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const first = await RunningEngine.start({ workflows: [REFUND], store, clock })
    const id = await startWaiting(first)
    await first[Symbol.asyncDispose]()
    await clock.advance(2 * DELAY_MS)

    const second = await RunningEngine.start({ workflows: [REFUND], store, clock })
    await settle()

    expect((await storedExecution(second, id)).status).toBe('Completed')
    expect(second.host.runsOf('prepare')).toEqual([])
    expect(second.host.runsOf('pay')).toHaveLength(1)
    await second[Symbol.asyncDispose]()
    await store.close()
  })

  it('is cancelled in one step, and its row is removed', async () => {
    await using running = await RunningEngine.start({ workflows: [REFUND] })
    const id = await startWaiting(running)

    await running.engine.services.executions.cancel(id, AT_ONCE)

    const execution = await storedExecution(running, id)
    expect(execution.status).toBe('Cancelled')
    expect(statusesOf(execution.tasks)).toEqual({ prepare: 'Completed', cool: 'Cancelled', pay: 'Cancelled' })
    expect(await running.store.waits.nextDeadline()).toBeNull()
  })

  it('continues while the execution is paused, and the next task starts after the resume', async () => {
    await using running = await RunningEngine.start({ workflows: [REFUND] })
    const id = await startWaiting(running)

    await running.engine.services.executions.pause(id, AT_ONCE)
    await running.clock.advance(DELAY_MS)
    expect(running.host.runsOf('pay')).toEqual([])
    expect(statusesOf((await storedExecution(running, id)).tasks)).toMatchObject({ cool: 'Completed' })
    await running.engine.services.executions.resume(id, AT_ONCE)
    await settle()

    expect((await storedExecution(running, id)).status).toBe('Completed')
  })

  it('keeps waiting after a pause and a resume before its end', async () => {
    await using running = await RunningEngine.start({ workflows: [REFUND] })
    const id = await startWaiting(running)

    await running.engine.services.executions.pause(id, AT_ONCE)
    await running.engine.services.executions.resume(id, AT_ONCE)
    expect((await storedExecution(running, id)).status).toBe('Running')
    await running.clock.advance(DELAY_MS)

    expect((await storedExecution(running, id)).status).toBe('Completed')
  })

  it('waits again in a retry from the node, and keeps its output in a retry of a later task', async () => {
    await using running = await RunningEngine.start({
      workflows: [REFUND],
      python: (host) => host.task('pay', () => failed('no money')),
    })
    const { executions } = running.engine.services
    const id = await startWaiting(running)
    await running.clock.advance(DELAY_MS)
    expect(statusesOf((await storedExecution(running, id)).tasks)).toMatchObject({ cool: 'Completed', pay: 'Failed' })

    const retried = await executions.retry(id, AT_ONCE)
    await settle()
    const again = await executions.retry(id, { ...AT_ONCE, from: 'cool' })
    await settle()

    expect(statusesOf((await storedExecution(running, retried)).tasks)).toMatchObject({ pay: 'Failed' })
    expect(statusesOf((await storedExecution(running, again)).tasks)).toMatchObject({ cool: 'Waiting' })
    expect(running.host.runsOf('prepare')).toHaveLength(1)
  })

  it('ends in an engine that runs only executions of its own callers', async () => {
    await using running = await RunningEngine.start({ workflows: [REFUND], isIdle: true })
    await running.engine.enter()

    const ended = running.engine.execute('refund', '{}')
    await running.clock.advance(DELAY_MS)

    expect((await ended).status).toBe('Completed')
    expect(running.host.runsOf('pay')).toHaveLength(1)
  })

  it('ends once when two engines share the database', { tags: ['proof'] }, async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const engines = [
      await RunningEngine.start({ workflows: [REFUND], store, clock }),
      await RunningEngine.start({ workflows: [REFUND], store, clock }),
    ]
    const [first] = engines
    if (first === undefined) throw new Error('no engine')
    const ids = await Promise.all(Array.from({ length: 20 }, () => first.engine.submit('refund', '{}')))
    await settle()
    await clock.advance(2 * DELAY_MS)

    for (const id of ids) expect((await storedExecution(first, id)).status).toBe('Completed')
    expect(engines.flatMap(({ host }) => host.runsOf('pay'))).toHaveLength(20)
    for (const engine of engines) await engine[Symbol.asyncDispose]()
    await store.close()
  })
})

/** Behaviour of an engine while the database rejects queries: kept data, retries and reports. */

import { describe, expect, it } from 'vitest'
import { retrying, trigger, workflow } from '../support/declared.ts'
import { completed, FIRE, failed, fault, fire, SKIP } from '../support/fake-host.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { Refusals } from '../support/refusing-store.ts'
import { type EngineParts, FIRST_PAGE, openMemoryStore, RunningEngine } from '../support/running-engine.ts'

const demo = workflow('demo', { work: {} })
const START = Date.UTC(2026, 0, 1)

async function startOnRefusingStore(parts: EngineParts) {
  const clock = new ManualClock()
  const store = await openMemoryStore(clock)
  const refusals = new Refusals()
  const running = await RunningEngine.start({ ...parts, clock, store: refusals.of(store), isIdle: true })
  return { running, refusals, trouble: running.record('trouble') }
}

describe('while the database rejects queries', () => {
  it('keeps a firing, records it when the database is back, and does not poll its trigger until then', async () => {
    let fired = 0
    const { running, refusals, trouble } = await startOnRefusingStore({
      triggers: [trigger('inbox'), trigger('other')],
      workflows: [demo],
      python: (host) => host.trigger('inbox', () => (fired++ === 0 ? fire('{"taken":1}') : SKIP)),
    })
    await using _ = running
    refusals.refuse('recordFired', 3)
    await running.engine.start()

    await running.clock.advance(3_400)
    expect(running.host.pollsOf('inbox')).toHaveLength(1)
    expect(running.host.pollsOf('other')).toHaveLength(4)
    expect(trouble.map((event) => (event.retryAt ?? 0) - START)).toEqual([500, 1_500, 3_500])
    await running.clock.advance(1_000)

    expect(running.host.runsOf('work')).toHaveLength(1)
    expect(await running.engine.services.triggers.history('inbox', FIRST_PAGE)).toHaveLength(1)
    expect(running.host.pollsOf('inbox').length).toBeGreaterThan(1)
  })

  it('keeps the outcome of a task, and stores it when the database is back', async () => {
    const { running, refusals, trouble } = await startOnRefusingStore({
      workflows: [workflow('w', { a: {}, b: {}, c: { after: ['a', 'b'] } })],
      python: (host) =>
        host
          .task('a', () => {
            refusals.refuse('settle', 2)
            return completed('{"a":1}')
          })
          .task('b', () => host.after(700, completed('{"b":1}'))),
    })
    await using _ = running
    await running.engine.start()

    const executed = running.engine.execute('w', '{}')
    await running.clock.advance(1_400)
    expect(running.host.runsOf('c')).toHaveLength(0)
    await running.clock.advance(200)

    expect(await executed).toMatchObject({ status: 'Completed', finalText: '{"a":1,"b":1}' })
    expect(trouble).toHaveLength(2)
    expect(trouble[0]?.during).toContain('storing the progress of execution')
  })

  it('rejects execute() with DATABASE_FAILED if the execution cannot be stored', async () => {
    const { running, refusals } = await startOnRefusingStore({ workflows: [demo] })
    await using _ = running
    await running.engine.start()
    refusals.refuse('createExecution', 1)

    await expect(running.engine.execute('demo', '{}')).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    expect((await running.engine.execute('demo', '{}')).status).toBe('Completed')
  })

  it('acquires queued executions after a failed query', async () => {
    const { running, refusals, trouble } = await startOnRefusingStore({ workflows: [demo] })
    await using _ = running
    await running.engine.start()
    await running.clock.advance(0)
    refusals.refuse('acquireExecutions', 1)

    const executed = running.engine.execute('demo', '{}')
    await running.clock.advance(500)

    expect((await executed).status).toBe('Completed')
    expect(trouble).toMatchObject([{ during: 'reading queued executions' }])
  })

  it('stores new triggers later, and polls them after that', async () => {
    const { running, refusals, trouble } = await startOnRefusingStore({ triggers: [trigger('inbox')] })
    await using _ = running
    refusals.refuse('saveTriggers', 2)
    await running.engine.start()
    expect(running.host.polls).toHaveLength(0)

    await running.clock.advance(1_500)

    expect(running.host.pollsOf('inbox')).toEqual([START + 1_500])
    expect(trouble).toHaveLength(2)
  })

  it('rejects a failed request to disable a trigger, and continues to poll the trigger', async () => {
    const { running, refusals } = await startOnRefusingStore({ triggers: [trigger('inbox')] })
    await using _ = running
    await running.engine.start()
    refusals.refuse('setTriggerEnabled', 1)

    await expect(running.engine.services.triggers.setEnabled('inbox', false)).rejects.toMatchObject({
      code: 'DATABASE_FAILED',
    })
    await running.clock.advance(1_000)

    expect(running.host.pollsOf('inbox').length).toBeGreaterThan(0)
  })

  it('does not poll a trigger while the database delays the request to disable it', async () => {
    const { running, refusals } = await startOnRefusingStore({ triggers: [trigger('inbox'), trigger('other')] })
    await using _ = running
    await running.engine.start()
    await running.clock.advance(0)
    const release = refusals.hold('setTriggerEnabled')

    const disabled = running.engine.services.triggers.setEnabled('inbox', false)
    await running.clock.advance(5_000)
    running.registry.declare({ triggers: [trigger('inbox', { everyMs: 2_000 })], workflows: [] })
    await running.clock.advance(5_000)
    release()
    await disabled
    await running.clock.advance(10_000)

    expect(running.host.pollsOf('inbox')).toHaveLength(1)
    expect(running.host.pollsOf('other')).toHaveLength(21)
  })

  it('stores a task as running if its retry starts before its first outcome is stored', async () => {
    let attempts = 0
    const { running, refusals } = await startOnRefusingStore({
      workflows: [workflow('w', { a: { retry: retrying(2, { initialDelayMs: 100 }) } })],
      python: (host) =>
        host.task('a', () => {
          attempts += 1
          if (attempts > 1) return new Promise(() => {})
          release = refusals.hold('settle')
          return failed('once')
        }),
    })
    let release = (): void => {}
    await using _ = running
    await running.engine.start()

    const id = await running.engine.submit('w', '{}')
    await running.clock.advance(100)
    refusals.refuse('settle', 1)
    release()
    await running.clock.advance(500)

    expect(attempts).toBe(2)
    const execution = await running.store.getExecution(id)
    expect(execution?.tasks).toMatchObject([{ status: 'Running', attempts: 2 }])
  })

  it('fires a due cron schedule once, when the database is back', async () => {
    const { running, refusals, trouble } = await startOnRefusingStore({ workflows: [demo] })
    await using _ = running
    await running.engine.start()
    const id = await running.engine.services.schedules.register('demo', '0 * * * *')
    refusals.refuse('claimCron', 3)

    await running.clock.advance(3_600_000 + 10_000)

    expect(trouble).toHaveLength(3)
    const firings = await running.engine.services.schedules.history(id, FIRST_PAGE)
    expect(firings.map((firing) => firing.claimedAt - firing.scheduledAt)).toEqual([1_500])
    expect(running.host.runs).toHaveLength(1)
  })

  it('reports a failed poll immediately, and records it later', async () => {
    const { running, refusals } = await startOnRefusingStore({
      triggers: [trigger('flaky', { everyMs: 60_000 })],
      python: (host) => host.trigger('flaky', () => ({ kind: 'failed', error: fault('no') })),
    })
    await using _ = running
    const failures = running.record('triggerFailed')
    refusals.refuse('recordFailed', 1)
    await running.engine.start()
    await running.clock.advance(0)
    expect(failures).toHaveLength(1)

    await running.clock.advance(500)

    const [tick] = await running.engine.services.triggers.ticks('flaky', FIRST_PAGE)
    expect(tick).toMatchObject({ outcome: 'failed', firstAt: START })
  })

  it('stops without waiting for the database', async () => {
    const { running, refusals } = await startOnRefusingStore({
      triggers: [trigger('inbox')],
      workflows: [demo],
      python: (host) =>
        host
          .trigger('inbox', () => FIRE)
          .task('work', (request) => {
            refusals.refuse('settle', 1_000)
            return completed(request.inputText)
          }),
    })
    await running.engine.start()
    await running.clock.advance(0)
    refusals.refuse('recordFired', 1_000)
    await running.clock.advance(2_000)

    const stopped = running.engine.stop({ graceMs: 0 })

    await expect(stopped).rejects.toMatchObject({
      code: 'DATABASE_FAILED',
      message: expect.stringContaining(
        'rejected 2 results until the engine stopped: recording a firing of trigger "inbox"',
      ),
    })
    await expect(running.engine.services.triggers.list({ ...FIRST_PAGE, enabledOnly: false })).rejects.toMatchObject({
      code: 'RUNNER_CLOSED',
    })
  })
})

describe('stopping an engine while the database rejects results', () => {
  it('stores the firing of a poll that Python has returned, if the database is back within the grace', async () => {
    let fired = 0
    const { running, refusals, trouble } = await startOnRefusingStore({
      triggers: [trigger('inbox')],
      workflows: [demo],
      python: (host) => host.trigger('inbox', () => (fired++ === 0 ? fire('{"taken":1}') : SKIP)),
    })
    refusals.refuse('recordFired', 1_000)
    await running.engine.start()
    await running.clock.advance(20_000)
    const tries = trouble.length

    const stopped = running.engine.stop({ graceMs: 30_000 })
    await running.clock.advance(10_000)
    expect(trouble.length - tries).toBeGreaterThan(15)
    refusals.refuse('recordFired', 0)
    await running.clock.advance(500)
    await stopped

    expect(await running.store.listFirings('inbox', FIRST_PAGE)).toHaveLength(1)
    expect(trouble.filter(({ retryAt }) => retryAt === null)).toEqual([])
    await running.store.close()
  })

  it('tries to store a firing a last time if there is no grace', async () => {
    const { running, refusals } = await startOnRefusingStore({
      triggers: [trigger('inbox')],
      workflows: [demo],
      python: (host) => host.trigger('inbox', () => fire('{"taken":1}')),
    })
    await using _ = running
    refusals.refuse('recordFired', 1_000)
    await running.engine.start()
    await running.clock.advance(10_000)
    refusals.refuse('recordFired', 0)

    const cut = running.record('stopped')
    await running.engine.stop({ graceMs: 0 })

    expect(await running.store.listFirings('inbox', FIRST_PAGE)).toHaveLength(1)
    expect(cut).toMatchObject([{ cut: [] }])
  })

  it('stores the result of a task and the end of its execution within the grace', async () => {
    const { running, refusals } = await startOnRefusingStore({
      workflows: [demo],
      python: (host) =>
        host.task('work', () => {
          refusals.refuse('settle', 1_000)
          return completed('{"done":1}')
        }),
    })
    await running.engine.start()
    const id = await running.engine.submit('demo', '{}')
    await running.clock.advance(20_000)

    const stopped = running.engine.stop({ graceMs: 30_000 })
    await running.clock.advance(5_000)
    refusals.refuse('settle', 0)
    await running.clock.advance(500)
    await stopped

    expect(await running.store.getExecution(id)).toMatchObject({ status: 'Completed', finalText: '{"done":1}' })
    await running.store.close()
  })
})

describe('an execution that another engine took over', () => {
  it('is released by the first engine, which uses the slot for another execution', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    await using first = await RunningEngine.start({
      clock,
      store,
      workflows: [workflow('demo', { work: {}, next: {} }), workflow('other', { more: {} })],
      config: { maxConcurrentTasks: 1 },
      python: (host) => host.task('work', () => host.after(1_000, completed('{"by":"first"}'))),
      isIdle: true,
    })
    const trouble = first.record('trouble')
    await first.engine.start()
    const executed = first.engine.execute('demo', '{}')
    await clock.advance(0)

    // Like after a long sleep of its machine, the first engine is considered dead and loses its executions.
    await store.closeInstance(first.engine.instanceId, clock.now())
    await store.openInstance(first.engine.instanceId, clock.now())
    await using second = await RunningEngine.start({
      clock,
      store,
      workflows: [workflow('demo', { work: {}, next: {} })],
    })
    await clock.advance(1_000)
    await clock.advance(30_000)

    expect(await executed).toMatchObject({ status: 'Completed' })
    expect(second.host.runs.map((run) => run.taskId)).toEqual(['work', 'next'])
    expect(first.host.runs.map((run) => run.taskId)).toEqual(['work'])
    expect(trouble.length).toBeLessThan(2)
    expect((await first.engine.execute('other', '{}')).status).toBe('Completed')
    await second.engine.stop({ graceMs: 0 })
  })
})

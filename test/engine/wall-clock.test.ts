/** Behaviour of an engine when the wall clock is set back or forward. */

import { describe, expect, it } from 'vitest'
import { cronTrigger, retrying, trigger, workflow } from '../support/declared.ts'
import { completed, failed } from '../support/fake-host.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../support/running-engine.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const nightly = workflow('nightly', { work: {} })
const HOURLY = '0 * * * *'

/** Returns the scheduled times of all fired runs as HH:MM, in order. */
function firedHours(running: RunningEngine): string[] {
  return running.host.runs.map((run) => JSON.parse(run.inputText).scheduled_time.slice(11, 16))
}

describe.each([
  ['back by five days', -5 * DAY_MS],
  ['back by an hour', -HOUR_MS],
  ['forward by five days', 5 * DAY_MS],
])('a wall clock that is set %s', (_, byMs) => {
  it('does not affect the times of polls', async () => {
    await using running = await RunningEngine.start({ triggers: [trigger('inbox', { everyMs: 10_000 })] })
    await running.clock.advance(25_000)

    await running.clock.setWall(byMs)
    await running.clock.advance(30_000)

    expect(running.host.pollsOf('inbox')).toHaveLength(6)
  })

  it('does not affect the time of a task retry', async () => {
    let attempts = 0
    await using running = await RunningEngine.start({
      workflows: [workflow('demo', { work: { retry: retrying(2, { initialDelayMs: 20_000 }) } })],
      python: (host) => host.task('work', () => (attempts++ === 0 ? failed('busy') : completed('{}'))),
    })
    await running.engine.submit('demo', '{}')
    await running.clock.advance(5_000)

    await running.clock.setWall(byMs)
    await running.clock.advance(14_999)
    expect(attempts).toBe(1)
    await running.clock.advance(1)

    expect(attempts).toBe(2)
  })

  it('does not affect the timeout of execute()', async () => {
    await using running = await RunningEngine.start({
      workflows: [nightly],
      python: (host) => host.task('work', () => new Promise(() => {})),
    })
    let reason: unknown = null
    running.engine.execute('nightly', '{}', { timeoutMs: 30_000 }).catch((thrown: unknown) => {
      reason = thrown
    })

    await running.clock.setWall(byMs)
    await running.clock.advance(29_999)
    expect(reason).toBeNull()
    await running.clock.advance(1)

    expect(reason).toMatchObject({ code: 'EXECUTION_TIMEOUT' })
  })

  it('is reported in a single warning', async () => {
    await using running = await RunningEngine.start()
    const warnings = running.record('warning')

    await running.clock.setWall(byMs)
    await running.clock.advance(HOUR_MS)

    expect(warnings).toMatchObject([{ code: 'CLOCK_SET' }])
  })
})

describe('a wall clock that is set back by less than three hours', () => {
  it('delays cron schedules until the clock has caught up, with a warning that names this time', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const warnings = running.record('warning')
    await running.engine.services.schedules.register('nightly', HOURLY)
    await running.clock.advance(5 * HOUR_MS + 10 * MINUTE_MS)
    expect(firedHours(running)).toEqual(['01:00', '02:00', '03:00', '04:00', '05:00'])

    await running.clock.setWall(-2 * HOUR_MS)
    await running.clock.advance(2 * HOUR_MS + 49 * MINUTE_MS)
    expect(firedHours(running)).toHaveLength(5)
    await running.clock.advance(MINUTE_MS)

    expect(firedHours(running).slice(5)).toEqual(['06:00'])
    expect(warnings.map(({ message }) => message)).toEqual([
      'The wall clock was set back by 2 h, to 2026-01-01T03:10:00.000+00:00. ' +
        'Cron schedules wait until the clock reaches 2026-01-01T05:10:00.000+00:00.',
    ])
  })

  it('delays even schedules that are changed or created while the clock catches up', async () => {
    await using running = await RunningEngine.start({
      workflows: [nightly],
      triggers: [cronTrigger('report', '0 * * * *', { workflow: 'nightly' })],
    })
    const id = await running.engine.services.schedules.register('nightly', HOURLY)
    await running.clock.advance(5 * HOUR_MS + 10 * MINUTE_MS)
    const before = running.host.runs.length

    await running.clock.setWall(-HOUR_MS)
    await running.engine.services.schedules.update(id, '0,15 * * * *')
    await running.engine.services.schedules.register('nightly', HOURLY)
    running.registry.declare({
      triggers: [cronTrigger('report', '0,15 * * * *', { workflow: 'nightly' })],
      workflows: [],
    })
    await running.clock.advance(HOUR_MS)
    expect(running.host.runs).toHaveLength(before)
    await running.clock.advance(5 * MINUTE_MS)

    expect(firedHours(running).slice(before)).toEqual(['05:15', '05:15'])
  })

  it('delays cron schedules even in an engine that starts after the change', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    await using first = await RunningEngine.start({ clock, store, workflows: [nightly] })
    const id = await first.engine.services.schedules.register('nightly', HOURLY)
    await clock.advance(5 * HOUR_MS + 10 * MINUTE_MS)
    await first.engine.stop({ graceMs: 0 })

    await clock.setWall(-2 * HOUR_MS)
    await using second = await RunningEngine.start({ clock, store, workflows: [nightly] })
    await second.engine.services.schedules.update(id, '30 * * * *')
    await clock.advance(2 * HOUR_MS + 30 * MINUTE_MS)

    expect(firedHours(second)).toEqual(['05:30'])
    await second.engine.stop({ graceMs: 0 })
  })

  it('has the effect of one larger change if the clock is set back twice', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    await running.engine.services.schedules.register('nightly', HOURLY)
    await running.clock.advance(5 * HOUR_MS + 10 * MINUTE_MS)

    await running.clock.setWall(-2 * HOUR_MS)
    await running.clock.setWall(-2 * HOUR_MS)
    await running.clock.advance(HOUR_MS)

    expect(firedHours(running).slice(5)).toEqual(['02:00'])
  })
})

describe('a wall clock that is set back by more than three hours', () => {
  it('recomputes the next times of all schedules, even of disabled ones, with a warning', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const warnings = running.record('warning')
    const disabled = await running.engine.services.schedules.register('nightly', HOURLY)
    await running.engine.services.schedules.register('nightly', '0 10 * * *')
    await running.clock.advance(12 * HOUR_MS)
    await running.engine.services.schedules.setEnabled(disabled, false)
    const before = running.host.runs.length

    await running.clock.setWall(-4 * HOUR_MS)
    await running.clock.advance(30 * MINUTE_MS)
    await running.engine.services.schedules.setEnabled(disabled, true)
    await running.clock.advance(2.5 * HOUR_MS)

    expect(firedHours(running).slice(before)).toEqual(['09:00', '10:00', '10:00', '11:00'])
    expect(warnings.map(({ message }) => message)).toEqual([
      'The wall clock was set back by 4 h, to 2026-01-01T08:00:00.000+00:00. ' +
        'The next times of cron schedules are recomputed.',
    ])
  })

  it('recomputes the next times even in an engine that starts after the change', async () => {
    const clock = new ManualClock(Date.UTC(2031, 0, 1))
    const store = await openMemoryStore(clock)
    await using first = await RunningEngine.start({ clock, store, workflows: [nightly] })
    await first.engine.services.schedules.register('nightly', HOURLY)
    await clock.advance(1.5 * HOUR_MS)
    await first.engine.stop({ graceMs: 0 })

    await clock.setWall(-5 * 365 * DAY_MS)
    await using second = await RunningEngine.start({ clock, store, workflows: [nightly] })
    await clock.advance(HOUR_MS)

    expect(firedHours(second)).toEqual(['02:00'])
    await second.engine.stop({ graceMs: 0 })
  })
})

describe('a wall clock that is set forward', () => {
  it('fires due schedules once, without waiting for the next check of the schedules', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly], config: { cronPollIntervalMs: DAY_MS } })
    const id = await running.engine.services.schedules.register('nightly', HOURLY)
    await running.clock.advance(10 * MINUTE_MS)

    await running.clock.setWall(5 * HOUR_MS)
    await running.clock.advance(0)

    expect(firedHours(running)).toEqual(['01:00'])
    expect((await running.engine.services.schedules.get(id)).nextRunAt).toBe(running.clock.now() + 50 * MINUTE_MS)
  })

  it('renews the leases before the next poll, since the machine may have slept', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    await using running = await RunningEngine.start({ clock, store, triggers: [trigger('inbox', { everyMs: 1_000 })] })
    await clock.advance(0)
    await store.closeInstance(running.engine.instanceId, clock.now())
    await store.openInstance('other', clock.now())
    await store.leaseTriggers('other', ['inbox'])

    await clock.setWall(HOUR_MS)
    await clock.advance(5_000)

    expect(running.host.pollsOf('inbox')).toHaveLength(1)
    await running.engine.stop({ graceMs: 0 })
  })
})

describe('a task that waits for its retry when its engine stops', () => {
  it('is retried within the longest delay of its policy, even if the wall clock was set back', async () => {
    const demo = workflow('demo', { work: { retry: retrying(2, { initialDelayMs: 20_000, maxDelayMs: 40_000 }) } })
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    await using first = await RunningEngine.start({
      clock,
      store,
      workflows: [demo],
      python: (host) => host.task('work', () => failed('busy')),
    })
    await first.engine.submit('demo', '{}')
    await clock.advance(0)
    await first.engine.stop({ graceMs: 0 })

    await clock.setWall(-DAY_MS)
    await using second = await RunningEngine.start({ clock, store, workflows: [demo] })
    await clock.advance(50_000)

    expect(second.host.runsOf('work')).toHaveLength(1)
    expect(await second.store.listExecutions(FIRST_PAGE)).toMatchObject([{ status: 'Completed' }])
    await second.engine.stop({ graceMs: 0 })
  })
})

/** Polled triggers: enabled and declared triggers, each polled by one engine only. */

import { describe, expect, it } from 'vitest'
import { trigger, workflow } from '../../support/declared.ts'
import { FIRE, SKIP } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const START = Date.UTC(2026, 0, 1)

describe('a disabled trigger', () => {
  it('is no longer polled, but the execution that it started continues', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('inbox')],
      workflows: [workflow('demo', { work: {} })],
      python: (host) =>
        host
          .trigger('inbox', () => FIRE)
          .task('work', (request) => host.after(5_000, { kind: 'completed', contextText: request.inputText })),
    })
    await running.clock.advance(0)

    const isKnown = await running.engine.services.triggers.setPolledEnabled('inbox', false)
    await running.clock.advance(10_000)

    expect(isKnown).toBe(true)
    expect(running.host.pollsOf('inbox')).toHaveLength(1)
    expect(await running.engine.services.triggers.get('inbox')).toMatchObject({ isEnabled: false })
    const [firing] = await running.engine.services.triggers.history('inbox', FIRST_PAGE)
    expect(firing?.completedAt).toBe(START + 5_000)
  })

  it('stays disabled after a restart with new code, and is polled immediately when enabled', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    {
      await using first = await RunningEngine.start({ clock, store, triggers: [trigger('inbox')] })
      await first.engine.services.triggers.setEnabled('inbox', false)
    }
    await using second = await RunningEngine.start({ clock, store, triggers: [trigger('inbox', { everyMs: 60_000 })] })
    await clock.advance(5_000)
    expect(second.host.polls).toEqual([])

    await second.engine.services.triggers.setEnabled('inbox', true)
    await clock.advance(0)

    expect(second.host.pollsOf('inbox')).toHaveLength(1)
    expect(await second.engine.services.triggers.get('inbox')).toMatchObject({
      pollIntervalMs: 60_000,
      isEnabled: true,
    })
    await second.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('keeps its due times if it is enabled again within its interval', async () => {
    await using running = await RunningEngine.start({ triggers: [trigger('inbox', { everyMs: 10_000 })] })
    await running.clock.advance(2_000)

    await running.engine.services.triggers.setEnabled('inbox', false)
    await running.clock.advance(2_000)
    await running.engine.services.triggers.setEnabled('inbox', true)
    await running.clock.advance(6_000)

    expect(running.host.pollsOf('inbox').map((at) => at - START)).toEqual([0, 10_000])
  })

  it('is reported as unknown, without an error, if no script declares it', async () => {
    await using running = await RunningEngine.start()

    expect(await running.engine.services.triggers.setPolledEnabled('nobody', false)).toBe(false)
    expect(await running.engine.services.triggers.find('nobody')).toBeNull()
    expect(await running.store.listFirings('nobody', FIRST_PAGE)).toEqual([])
  })

  it('is not polled if it was disabled directly after its declaration', async () => {
    await using running = await RunningEngine.start()

    running.registry.declare({ triggers: [trigger('new')], workflows: [] })
    const isKnown = await running.engine.services.triggers.setPolledEnabled('new', false)
    await running.clock.advance(5_000)

    expect(isKnown).toBe(true)
    expect(running.host.polls).toEqual([])
  })
})

describe('a trigger whose declaration changes while the engine runs', () => {
  it('is listed and polled immediately after its first declaration', async () => {
    await using running = await RunningEngine.start()
    await running.clock.advance(500)

    running.registry.declare({ triggers: [trigger('new', { everyMs: 2_000 })], workflows: [] })
    const rows = await running.engine.services.triggers.list({ ...FIRST_PAGE, enabledOnly: false })
    await running.clock.advance(2_000)

    expect(rows).toMatchObject([{ name: 'new', pollIntervalMs: 2_000, isEnabled: true }])
    expect(running.host.pollsOf('new').map((at) => at - START)).toEqual([500, 2_500])
  })

  it('takes its new interval, counted from its last poll', async () => {
    await using running = await RunningEngine.start({ triggers: [trigger('inbox', { everyMs: 60_000 })] })
    await running.clock.advance(3_000)

    running.registry.declare({ triggers: [trigger('inbox', { everyMs: 5_000 })], workflows: [] })
    await running.clock.advance(7_000)

    expect(running.host.pollsOf('inbox').map((at) => at - START)).toEqual([0, 5_000, 10_000])
    expect(await running.engine.services.triggers.get('inbox')).toMatchObject({ pollIntervalMs: 5_000 })
  })

  it('is not polled twice at the same time if it changes during a poll', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('slow', { everyMs: 1_000 })],
      python: (host) => host.trigger('slow', () => host.after(3_000, SKIP)),
    })
    await running.clock.advance(100)

    running.registry.declare({ triggers: [trigger('slow', { everyMs: 500 })], workflows: [] })
    await running.clock.advance(2_800)
    expect(running.host.pollsOf('slow')).toHaveLength(1)
    await running.clock.advance(200)

    expect(running.host.pollsOf('slow').map((at) => at - START)).toEqual([0, 3_000])
  })

  it('stays listed, but is not polled, after its script is removed', async () => {
    await using running = await RunningEngine.start({ triggers: [trigger('old')] })
    await running.clock.advance(0)

    running.registry.removeScript('jobs.py')
    await running.clock.advance(5_000)

    expect(running.host.pollsOf('old')).toHaveLength(1)
    expect(await running.engine.services.triggers.get('old')).toMatchObject({ isEnabled: true })
  })

  it('is not polled again if its script is removed during a poll', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('old')],
      python: (host) => host.trigger('old', () => host.after(500, SKIP)),
    })
    await running.clock.advance(100)

    running.registry.removeScript('jobs.py')
    await running.clock.advance(5_000)

    expect(running.host.pollsOf('old')).toHaveLength(1)
  })
})

describe('a trigger that two engines on one database declare', () => {
  it('is polled by one engine, and by the other engine after the first one stops', { tags: ['proof'] }, async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    await using first = await RunningEngine.start({ clock, store, triggers: [trigger('shared')] })
    await using second = await RunningEngine.start({ clock, store, triggers: [trigger('shared')] })
    await clock.advance(3_000)
    expect([first.host.polls.length, second.host.polls.length]).toEqual([4, 0])

    await first.engine.stop({ graceMs: 0 })
    await clock.advance(20_000)

    expect(first.host.polls).toHaveLength(4)
    expect(second.host.polls.length).toBeGreaterThan(9)
    await second.engine.stop({ graceMs: 0 })
    await store.close()
  })
})

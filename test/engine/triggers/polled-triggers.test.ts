/** Which triggers are polled: enabled, declared, and by one engine only. */

import { describe, expect, it } from 'vitest'
import { trigger, workflow } from '../../support/declared.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FIRE, SKIP } from '../../support/fake-host.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const START = Date.UTC(2026, 0, 1)

describe('a trigger that is disabled', () => {
  it('is not polled from that moment on, while the run that it started goes on', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('inbox')],
      workflows: [workflow('demo', { work: {} })],
      python: (host) =>
        host
          .trigger('inbox', () => FIRE)
          .task('work', (request) => host.after(5_000, { kind: 'completed', contextText: request.inputText })),
    })
    await running.clock.advance(0)

    const isKnown = await running.engine.triggers.setEnabled('inbox', false)
    await running.clock.advance(10_000)

    expect(isKnown).toBe(true)
    expect(running.host.pollsOf('inbox')).toHaveLength(1)
    expect(await running.engine.triggers.get('inbox')).toMatchObject({ isEnabled: false })
    const [firing] = await running.engine.triggers.history('inbox', FIRST_PAGE)
    expect(firing?.completedAt).toBe(START + 5_000)
  })

  it('stays disabled for the next start and for new code, and is polled at once when it is enabled', async () => {
    const clock = new FakeClock()
    const store = await openMemoryStore(clock)
    {
      await using first = await RunningEngine.start({ clock, store, triggers: [trigger('inbox')] })
      await first.engine.triggers.setEnabled('inbox', false)
    }
    await using second = await RunningEngine.start({ clock, store, triggers: [trigger('inbox', { everyMs: 60_000 })] })
    await clock.advance(5_000)
    expect(second.host.polls).toEqual([])

    await second.engine.triggers.setEnabled('inbox', true)
    await clock.advance(0)

    expect(second.host.pollsOf('inbox')).toHaveLength(1)
    expect(await second.engine.triggers.get('inbox')).toMatchObject({ pollIntervalMs: 60_000, isEnabled: true })
    await second.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('keeps its rhythm when it is enabled again within its interval', async () => {
    await using running = await RunningEngine.start({ triggers: [trigger('inbox', { everyMs: 10_000 })] })
    await running.clock.advance(2_000)

    await running.engine.triggers.setEnabled('inbox', false)
    await running.clock.advance(2_000)
    await running.engine.triggers.setEnabled('inbox', true)
    await running.clock.advance(6_000)

    expect(running.host.pollsOf('inbox').map((at) => at - START)).toEqual([0, 10_000])
  })

  it('that nobody declared is no error', async () => {
    await using running = await RunningEngine.start()

    expect(await running.engine.triggers.setEnabled('nobody', false)).toBe(false)
    expect(await running.engine.triggers.get('nobody')).toBeNull()
    expect(await running.engine.triggers.history('nobody', FIRST_PAGE)).toEqual([])
  })

  it('while its code is being taken over is not polled', async () => {
    await using running = await RunningEngine.start()

    running.registry.declare({ triggers: [trigger('new')], workflows: [] })
    const isKnown = await running.engine.triggers.setEnabled('new', false)
    await running.clock.advance(5_000)

    expect(isKnown).toBe(true)
    expect(running.host.polls).toEqual([])
  })
})

describe('a trigger that is declared while the engine runs', () => {
  it('is listed when the declaration is made, and polled at once', async () => {
    await using running = await RunningEngine.start()
    await running.clock.advance(500)

    running.registry.declare({ triggers: [trigger('new', { everyMs: 2_000 })], workflows: [] })
    const rows = await running.engine.triggers.list({ ...FIRST_PAGE, enabledOnly: false })
    await running.clock.advance(2_000)

    expect(rows).toMatchObject([{ name: 'new', pollIntervalMs: 2_000, isEnabled: true }])
    expect(running.host.pollsOf('new').map((at) => at - START)).toEqual([500, 2_500])
  })

  it('again takes its new interval, counted from its last poll', async () => {
    await using running = await RunningEngine.start({ triggers: [trigger('inbox', { everyMs: 60_000 })] })
    await running.clock.advance(3_000)

    running.registry.declare({ triggers: [trigger('inbox', { everyMs: 5_000 })], workflows: [] })
    await running.clock.advance(7_000)

    expect(running.host.pollsOf('inbox').map((at) => at - START)).toEqual([0, 5_000, 10_000])
    expect(await running.engine.triggers.get('inbox')).toMatchObject({ pollIntervalMs: 5_000 })
  })

  it('again while it is being polled does not overlap itself', async () => {
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

  it('no more is listed and not polled', async () => {
    await using running = await RunningEngine.start({ triggers: [trigger('old')] })
    await running.clock.advance(0)

    running.registry.removeScript('jobs.py')
    await running.clock.advance(5_000)

    expect(running.host.pollsOf('old')).toHaveLength(1)
    expect(await running.engine.triggers.get('old')).toMatchObject({ isEnabled: true })
  })

  it('no more while it is being polled is not polled again', async () => {
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
  it('is polled by one of them, and by the other when the first has stopped', async () => {
    const clock = new FakeClock()
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

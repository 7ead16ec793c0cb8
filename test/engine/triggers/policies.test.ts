/** Policies of triggers: timeout, jitter, max_active, pause_after, on_change, and values that are set by hand. */

import { describe, expect, it } from 'vitest'
import type { PollOutcome } from '../../../src/model/trigger.ts'
import { trigger, workflow } from '../../support/declared.ts'
import { completed, type FakeHost, FIRE, fault, fire, SKIP } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const demo = workflow('demo', { work: {} })
const START = Date.UTC(2026, 0, 1)

/** Makes the trigger return the outcomes in order, and then the last outcome for every further poll. */
function answers(host: FakeHost, ...outcomes: readonly PollOutcome[]): FakeHost {
  const left = [...outcomes]
  return host.trigger('tick', () => (left.length > 1 ? left.shift() : left[0]) ?? SKIP)
}

async function outcomes(running: RunningEngine): Promise<readonly unknown[]> {
  const ticks = await running.engine.services.triggers.ticks('tick', FIRST_PAGE)
  return ticks.map(({ outcome, count }) => `${outcome} ${count}`).reverse()
}

describe('the timeout of a trigger', () => {
  it('is the deadline of its polls, and defaults to pollDeadlineMs', async () => {
    const deadlines: [string, number][] = []
    await using running = await RunningEngine.start({
      triggers: [trigger('tick', { policy: { timeoutMs: 90_000 } }), trigger('other')],
      config: { pollDeadlineMs: 7_000 },
      python: (host) => {
        for (const name of ['tick', 'other']) {
          host.trigger(name, ({ deadlineMs }) => {
            deadlines.push([name, deadlineMs])
            return SKIP
          })
        }
      },
    })

    await running.clock.advance(0)

    expect(deadlines).toEqual([
      ['tick', 90_000],
      ['other', 7_000],
    ])
  })
})

describe('the timeout of a task', () => {
  it('is the deadline of its attempts, and defaults to taskTimeoutMs', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('demo', { quick: { timeoutMs: 500 }, other: {} })],
      config: { taskTimeoutMs: 60_000 },
    })

    const ended = running.engine.execute('demo', '{}')
    await running.clock.advance(0)
    await ended

    expect(running.host.runs.map(({ taskId, deadlineMs }) => [taskId, deadlineMs])).toEqual([
      ['quick', 500],
      ['other', 60_000],
    ])
  })
})

describe('the jitter of a trigger', () => {
  it('delays the polls of its own trigger, and does not accumulate', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('tick', { policy: { jitterMs: 400 } }), trigger('other')],
      random: () => 0.5,
    })

    await running.clock.advance(2_500)

    expect(running.host.pollsOf('tick').map((at) => at - START)).toEqual([200, 1_200, 2_200])
    expect(running.host.pollsOf('other').map((at) => at - START)).toEqual([0, 1_000, 2_000])
  })
})

describe('max_active', () => {
  it('starts no execution while two are active, and continues after an execution has ended', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('tick', { allowConcurrent: true, policy: { maxActive: 2 } })],
      workflows: [demo],
      python: (host) => host.trigger('tick', () => FIRE).task('work', () => host.after(2_500, completed('{}'))),
    })
    const ticks = running.record('tick')

    await running.clock.advance(4_000)

    expect(ticks.map(({ outcome }) => outcome)).toEqual(['fired', 'fired', 'limited', 'fired', 'fired'])
    expect(ticks[2]?.reason).toBe('max_active 2: 2 executions are active')
  })
})

describe('pause_after', () => {
  it('disables the trigger after 3 failed polls in a row, warns once, and survives a restart', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const parts = { clock, store, triggers: [trigger('tick', { policy: { pauseAfter: 3 } })] }
    const failing: PollOutcome = { kind: 'failed', error: fault('no shop') }
    const late: PollOutcome = { kind: 'timedOut', error: fault('too long') }
    await using first = await RunningEngine.start({
      ...parts,
      python: (host) => answers(host, failing, SKIP, failing, late, failing, SKIP),
    })
    const warnings = first.record('warning')

    await clock.advance(10_000)
    await first.engine.stop({ graceMs: 0 })
    await using second = await RunningEngine.start(parts)
    await clock.advance(10_000)

    expect(await outcomes(second)).toEqual(['failed 1', 'skipped 1', 'failed 1', 'timedOut 1', 'failed 1'])
    expect(second.host.polls).toEqual([])
    expect(warnings).toMatchObject([
      {
        code: 'TRIGGER_PAUSED',
        trigger: 'tick',
        message:
          'Trigger "tick" is disabled after 3 failed polls in a row; last error: no shop. ' +
          'Fix the cause, then run: cloaca trigger enable tick',
      },
    ])
    expect(await second.engine.services.triggers.get('tick')).toMatchObject({
      isEnabled: false,
      note: 'disabled after 3 failed polls in a row; last error: no shop',
    })
    await second.engine.stop({ graceMs: 0 })
  })

  it('counts failures from zero again after the trigger is enabled', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('tick', { policy: { pauseAfter: 2 } })],
      python: (host) => answers(host, { kind: 'failed', error: fault('no shop') }),
    })
    await running.clock.advance(5_000)

    await running.engine.services.triggers.setEnabled('tick', true, { note: 'mended' })
    await running.clock.advance(500)

    expect(running.host.polls).toHaveLength(3)
    expect(await running.engine.services.triggers.get('tick')).toMatchObject({ isEnabled: true, note: 'mended' })
  })
})

describe('on_change', () => {
  const parts = { triggers: [trigger('tick', { policy: { onChange: true } })], workflows: [demo] }

  it('fires when the outcome changes from skip to fire, and again only after another skip', async () => {
    await using running = await RunningEngine.start({
      ...parts,
      python: (host) => answers(host, SKIP, FIRE, fire('{"n":2}'), fire('{"n":3}'), SKIP, FIRE, FIRE),
    })
    const heard = running.record('tick')

    await running.clock.advance(6_500)

    expect(await outcomes(running)).toEqual(['skipped 1', 'fired 1', 'skipped 2', 'skipped 1', 'fired 1', 'skipped 1'])
    expect(heard[2]).toMatchObject({ outcome: 'skipped', reason: 'on_change: the previous poll also fired' })
    expect(await running.engine.services.triggers.history('tick', FIRST_PAGE)).toHaveLength(2)
  })

  it('records only skips while the outcome stays "fire"', async () => {
    await using running = await RunningEngine.start({ ...parts, python: (host) => answers(host, FIRE) })
    await running.clock.advance(0)
    let firings = 0
    const { recordFired } = running.store
    running.store.recordFired = (tick) => {
      firings += 1
      return recordFired.call(running.store, tick)
    }

    await running.clock.advance(20_000)

    expect(firings).toBe(0)
    expect(await outcomes(running)).toEqual(['fired 1', 'skipped 20'])
  })

  it('does not fire again after a restart while the outcome stays "fire"', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    for (let start = 0; start < 3; start++) {
      await using running = await RunningEngine.start({ ...parts, clock, store, python: (host) => answers(host, FIRE) })
      await clock.advance(1_500)
      expect(await running.engine.services.triggers.history('tick', FIRST_PAGE)).toHaveLength(1)
      await running.engine.stop({ graceMs: 0 })
    }
  })

  it('fires as soon as max_active permits, if max_active was reached when the outcome changed', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('tick', { policy: { onChange: true, maxActive: 1 } })],
      workflows: [demo],
      python: (host) =>
        answers(host, fire('{"n":1}'), SKIP, fire('{"n":2}')).task('work', () => host.after(3_500, completed('{}'))),
    })

    await running.clock.advance(6_000)

    expect(await outcomes(running)).toEqual(['fired 1', 'skipped 1', 'limited 1', 'limited 1', 'fired 1', 'skipped 2'])
  })
})

describe('policy values that are set by hand', () => {
  it('apply from the next poll until they are reset, even after a restart', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const deadlines: number[] = []
    const parts = {
      clock,
      store,
      triggers: [trigger('tick')],
      python: (host: FakeHost) =>
        host.trigger('tick', ({ deadlineMs }) => {
          deadlines.push(deadlineMs)
          return SKIP
        }),
    }
    await using first = await RunningEngine.start(parts)
    await clock.advance(1_500)

    await first.engine.services.triggers.set('tick', { pollIntervalMs: 10_000, timeoutMs: 2_000 })
    await clock.advance(20_000)
    await first.engine.stop({ graceMs: 0 })
    await using second = await RunningEngine.start(parts)
    await clock.advance(15_000)
    await second.engine.services.triggers.set('tick', null)
    await clock.advance(2_000)

    expect(first.host.pollsOf('tick').map((at) => at - START)).toEqual([0, 1_000, 11_000, 21_000])
    expect(second.host.pollsOf('tick').map((at) => at - START)).toEqual([21_500, 31_500, 36_500, 37_500, 38_500])
    expect(deadlines).toEqual([30_000, 30_000, 2_000, 2_000, 2_000, 2_000, 30_000, 30_000, 30_000])
    await second.engine.stop({ graceMs: 0 })
  })

  it('are rejected for an unknown trigger', async () => {
    await using running = await RunningEngine.start({ triggers: [trigger('tick')] })

    const set = running.engine.services.triggers.set('tock', { timeoutMs: 1 })

    await expect(set).rejects.toMatchObject({ code: 'TRIGGER_NOT_FOUND' })
  })
})

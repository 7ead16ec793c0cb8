/** Policies of triggers in a running engine: how long, how often and how many, and what a person sets. */

import { describe, expect, it } from 'vitest'
import type { PollOutcome } from '../../../src/model/trigger.ts'
import { trigger, workflow } from '../../support/declared.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { completed, type FakeHost, FIRE, fault, fire, SKIP } from '../../support/fake-host.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const demo = workflow('demo', { work: {} })
const START = Date.UTC(2026, 0, 1)

/** One answer after the other; the last one for good. */
function answers(host: FakeHost, ...outcomes: readonly PollOutcome[]): FakeHost {
  const left = [...outcomes]
  return host.trigger('tick', () => (left.length > 1 ? left.shift() : left[0]) ?? SKIP)
}

async function outcomes(running: RunningEngine): Promise<readonly unknown[]> {
  const ticks = await running.engine.triggers.ticks('tick', FIRST_PAGE)
  return ticks.map(({ outcome, count }) => `${outcome} ${count}`).reverse()
}

describe('the timeout of a trigger', () => {
  it('is the deadline of its polls, and the engine has one for those that say nothing', async () => {
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
  it('is the deadline of its attempts, and the engine has one for those that say nothing', async () => {
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
  it('moves its own polls, and never adds up', async () => {
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
  it('starts nothing while so many executions of the trigger are active, and goes on when one has ended', async () => {
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
  it('disables the trigger after so many failed polls in a row, says so once, and survives a restart', async () => {
    const clock = new FakeClock()
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
          'Trigger "tick" is disabled after 3 failed polls in a row; last error: no shop. Fix the cause, then run: cloaca trigger enable tick',
      },
    ])
    expect(await second.engine.triggers.get('tick')).toMatchObject({
      isEnabled: false,
      note: 'disabled after 3 failed polls in a row; last error: no shop',
    })
    await second.engine.stop({ graceMs: 0 })
  })

  it('has as many tries again when it is enabled', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('tick', { policy: { pauseAfter: 2 } })],
      python: (host) => answers(host, { kind: 'failed', error: fault('no shop') }),
    })
    await running.clock.advance(5_000)

    await running.engine.triggers.setEnabled('tick', true, 'mended')
    await running.clock.advance(500)

    expect(running.host.polls).toHaveLength(3)
    expect(await running.engine.triggers.get('tick')).toMatchObject({ isEnabled: true, note: 'mended' })
  })
})

describe('on_change', () => {
  const parts = { triggers: [trigger('tick', { policy: { onChange: true } })], workflows: [demo] }

  it('fires when the answer turns from skip to fire, and not again before it was skip', async () => {
    await using running = await RunningEngine.start({
      ...parts,
      python: (host) => answers(host, SKIP, FIRE, fire('{"n":2}'), fire('{"n":3}'), SKIP, FIRE, FIRE),
    })
    const heard = running.record('tick')

    await running.clock.advance(6_500)

    expect(await outcomes(running)).toEqual(['skipped 1', 'fired 1', 'skipped 2', 'skipped 1', 'fired 1', 'skipped 1'])
    expect(heard[2]).toMatchObject({ outcome: 'skipped', reason: 'on_change: the previous poll also fired' })
    expect(await running.engine.triggers.history('tick', FIRST_PAGE)).toHaveLength(2)
  })

  it('writes nothing but a skip for an answer that stays to fire', async () => {
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

  it('does not fire anew after a restart while the answer stays to fire', async () => {
    const clock = new FakeClock()
    const store = await openMemoryStore(clock)
    for (let start = 0; start < 3; start++) {
      await using running = await RunningEngine.start({ ...parts, clock, store, python: (host) => answers(host, FIRE) })
      await clock.advance(1_500)
      expect(await running.engine.triggers.history('tick', FIRST_PAGE)).toHaveLength(1)
      await running.engine.stop({ graceMs: 0 })
    }
  })

  it('fires as soon as there is room, where as many executions were active as may be', async () => {
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

describe('what is set by hand', () => {
  it('counts from the next poll on, and after a restart, until it is reset', async () => {
    const clock = new FakeClock()
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

    await first.engine.triggers.override('tick', { pollIntervalMs: 10_000, timeoutMs: 2_000 })
    await clock.advance(20_000)
    await first.engine.stop({ graceMs: 0 })
    await using second = await RunningEngine.start(parts)
    await clock.advance(15_000)
    await second.engine.triggers.override('tick', null)
    await clock.advance(2_000)

    expect(first.host.pollsOf('tick').map((at) => at - START)).toEqual([0, 1_000, 11_000, 21_000])
    expect(second.host.pollsOf('tick').map((at) => at - START)).toEqual([21_500, 31_500, 36_500, 37_500, 38_500])
    expect(deadlines).toEqual([30_000, 30_000, 2_000, 2_000, 2_000, 2_000, 30_000, 30_000, 30_000])
    await second.engine.stop({ graceMs: 0 })
  })

  it('is refused for a trigger that there is not', async () => {
    await using running = await RunningEngine.start({ triggers: [trigger('tick')] })

    expect(await running.engine.triggers.override('tock', { timeoutMs: 1 })).toBe(false)
  })
})

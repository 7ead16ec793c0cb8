/** Several firings of one poll, keys, and firings above `max_active` that wait. */

import { describe, expect, it } from 'vitest'
import type { PolledFiring, PollOutcome } from '../../../src/model/trigger.ts'
import { trigger, workflow } from '../../support/declared.ts'
import { completed, type FakeHost, SKIP } from '../../support/fake-host.ts'
import { FIRST_PAGE, RunningEngine } from '../../support/running-engine.ts'
import { TwoStores } from '../../support/two-stores.ts'

const workflows = [workflow('demo', { work: {} })]
const SECOND = 1_000

const list = (...firings: readonly PolledFiring[]): PollOutcome => ({ kind: 'fired', firings, isList: true })
const rows = (...numbers: readonly number[]): PollOutcome =>
  list(...numbers.map((row) => ({ contextText: JSON.stringify({ row }), key: `row-${row}` })))

/** Returns the outcomes in order, and then skips. */
function answers(host: FakeHost, ...outcomes: readonly PollOutcome[]): FakeHost {
  const left = [...outcomes]
  return host.trigger('rows', () => left.shift() ?? SKIP)
}

const rowsOf = ({ host }: RunningEngine): readonly number[] =>
  host.runs.map(({ inputText }) => JSON.parse(inputText).row)

describe('a poll with several firings', () => {
  it('starts an execution for each, in order, and is one tick and one poll in the counters', async () => {
    await using running = await RunningEngine.start({
      ...{ triggers: [trigger('rows')], workflows, python: (host) => answers(host, rows(1, 2, 3), rows(3, 4)) },
    })
    const fired = running.record('triggerFired')
    const ticks = running.record('tick')

    await running.clock.advance(SECOND)

    expect([...rowsOf(running)].sort()).toEqual([1, 2, 3, 4])
    expect(fired).toHaveLength(4)
    expect(ticks).toMatchObject([{ outcome: 'fired' }, { outcome: 'fired' }])
    const { polls, firings } = running.events.counters.triggers.of('rows')
    expect([polls.fired, firings]).toEqual([2, { started: 4, duplicate: 1 }])
    expect(await running.engine.services.triggers.ticks('rows', FIRST_PAGE)).toMatchObject([
      { outcome: 'fired', firings: 2, duplicates: 1, executionId: null },
      { outcome: 'fired', firings: 3, duplicates: 0, executionId: null },
    ])
  })

  it('fails and starts nothing with an invalid context or key, or with more than 1,000 firings', async () => {
    const invalid = [
      list({ contextText: '{}' }, { contextText: '{' }),
      list({ contextText: '{}', key: '' }),
      list(...Array.from({ length: 1_001 }, () => ({ contextText: null }))),
    ]
    await using running = await RunningEngine.start({
      ...{ triggers: [trigger('rows')], workflows, python: (host) => answers(host, ...invalid) },
    })
    const failures = running.record('triggerFailed')

    await running.clock.advance(2 * SECOND)

    expect(failures.map(({ error }) => error.type)).toEqual(['ContextError', 'ValueError', 'ValueError'])
    expect(running.host.runs).toEqual([])
  })

  it('takes no key while the workflow is not declared', async () => {
    await using running = await RunningEngine.start({
      ...{ triggers: [trigger('rows')], python: (host) => answers(host, rows(1), rows(1)) },
    })

    await running.clock.advance(0)
    expect(running.host.runs).toEqual([])
    running.registry.declare({ triggers: [trigger('rows')], workflows })
    await running.clock.advance(SECOND)

    expect(rowsOf(running)).toEqual([1])
  })

  it('fails if on_change would drop firings', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('rows', { policy: { onChange: true } })],
      workflows,
      python: (host) => answers(host, rows(1)),
    })
    const failures = running.record('triggerFailed')

    await running.clock.advance(0)

    expect(failures[0]?.error.message).toContain('on_change')
    expect(running.host.runs).toEqual([])
  })

  it('reports its number of firings to the user who requested it', async () => {
    const hourly = trigger('rows', { everyMs: 3_600_000 })
    await using running = await RunningEngine.start({
      ...{ triggers: [hourly], workflows, python: (host) => answers(host, SKIP, rows(1, 1)) },
    })
    await running.clock.advance(0)

    const polling = running.engine.services.triggers.poll('rows')
    await running.clock.advance(0)

    expect(await polling).toMatchObject({ outcome: 'fired', firings: 2, duplicates: 1, executionId: null })
  })
})

describe('a key', () => {
  it.each([
    ['retention.keys', undefined, 1_000],
    ['its trigger', { keyTtlMs: 5_000 }, 5_000],
    ['its trigger, for ever', { keyTtlMs: 'never' as const }, null],
  ])('is remembered for the time of %s', async (_, policy, keptMs) => {
    await using running = await RunningEngine.start({
      ...{ triggers: [trigger('rows', { policy: policy ?? {} })], workflows, isIdle: true },
      config: {
        retention: {
          skippedMs: null,
          failedMs: null,
          endedMs: null,
          firingsMs: null,
          scheduleTimesMs: null,
          keysMs: 1_000,
          signalsMs: null,
        },
      },
    })
    const expiries: (number | null)[] = []
    const { recordFired } = running.store
    running.store.recordFired = (tick) => {
      expiries.push(tick.keysExpireAt === null ? null : tick.keysExpireAt - tick.at)
      return recordFired.call(running.store, tick)
    }
    answers(running.host, rows(1))

    await running.engine.start()
    await running.clock.advance(0)

    expect(expiries).toEqual([keptMs])
  })

  it('fires once, whether a poll or a user fires it', async () => {
    await using running = await RunningEngine.start({
      ...{ triggers: [trigger('rows')], workflows, python: (host) => answers(host, rows(7)) },
    })
    await running.clock.advance(0)
    const { triggers } = running.engine.services
    const [execution] = await running.engine.services.executions.list(FIRST_PAGE)

    const again = await triggers.fire('rows', { row: 8 }, { key: 'row-7', force: true })
    const first = await triggers.fire('rows', { row: 9 }, { key: 'row-9' })
    const second = await triggers.fire('rows', { row: 9 }, { key: 'row-9' })

    expect(again).toEqual({ outcome: 'duplicate', executionId: execution?.id, reason: null })
    expect([first.outcome, second]).toEqual(['fired', { ...first, outcome: 'duplicate' }])
    await expect(triggers.fire('rows', null, { key: '' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    const [action] = await triggers.actions('rows')
    expect(JSON.parse(action?.argumentsText ?? '{}')).toEqual({ force: false, key: 'row-9' })
  })
})

describe('a key of a trigger whose workflow is not declared', () => {
  it('is not taken, because the firing starts nothing', async () => {
    await using running = await RunningEngine.start({
      ...{ triggers: [trigger('rows')], workflows: [], python: (host) => answers(host, rows(7), rows(7)) },
    })

    await running.clock.advance(SECOND)

    const ticks = await running.engine.services.triggers.ticks('rows', FIRST_PAGE)
    expect(ticks.map(({ outcome }) => outcome)).toEqual(['refused', 'refused'])
  })
})

describe('firings of a list above max_active', () => {
  const limited = trigger('rows', { policy: { maxActive: 2 } })
  const slow = (host: FakeHost) =>
    answers(host, rows(1, 2, 3, 4, 5)).task('work', () => host.after(10 * SECOND, completed('{}')))

  it('begin in order, at most max_active at a time, and the trigger is not polled before', async () => {
    await using running = await RunningEngine.start({
      ...{ triggers: [limited], workflows, python: slow, config: { maxConcurrentTasks: 10 } },
    })
    const { triggers } = running.engine.services

    await running.clock.advance(9 * SECOND)
    const first = [...rowsOf(running)]
    const shown = await triggers.get('rows')
    const late = await triggers.listLate()
    await running.clock.advance(10 * SECOND)
    const second = [...rowsOf(running)]
    const polls = running.host.pollsOf('rows').length
    await running.clock.advance(10 * SECOND)

    expect(first).toEqual([1, 2])
    expect([shown.waitingExecutions, late]).toEqual([3, []])
    expect(second).toEqual([1, 2, 3, 4])
    expect([polls, running.host.mostRunning]).toEqual([1, 2])
    expect(rowsOf(running)).toEqual([1, 2, 3, 4, 5])
    expect(running.host.pollsOf('rows').length).toBeGreaterThan(5)
  })

  it('wait also for a single firing of a trigger with a state', async () => {
    const one = trigger('rows', { policy: { maxActive: 1 }, initialStateText: '{}', everyMs: SECOND })
    await using running = await RunningEngine.start({
      ...{ triggers: [one], workflows },
      python: (host) => {
        let next = 0
        host.trigger('rows', () => {
          next += 1
          const stateText = JSON.stringify({ next })
          return { kind: 'fired', firings: [{ contextText: stateText }], isList: false, stateText }
        })
        host.task('work', () => host.after(5 * SECOND, completed('{}')))
      },
    })

    await running.clock.advance(20 * SECOND)

    const seen = running.host.runs.map(({ inputText }) => JSON.parse(inputText).next)
    expect(seen).toEqual(seen.map((_, index) => index + 1))
    expect(running.host.mostRunning).toBe(1)
    expect(await running.engine.services.triggers.ticks('rows', FIRST_PAGE)).not.toContainEqual(
      expect.objectContaining({ outcome: 'limited' }),
    )
  })

  it('keep the trigger from being polled by hand, unless the poll is forced', async () => {
    await using running = await RunningEngine.start({ triggers: [limited], workflows, python: slow })
    await running.clock.advance(0)
    const { triggers } = running.engine.services

    const refused = triggers.poll('rows').catch((error: { readonly code: string }) => error.code)
    await running.clock.advance(0)
    const forced = triggers.poll('rows', { force: true })
    await running.clock.advance(0)

    expect(await refused).toBe('ACTION_REFUSED')
    expect(await forced).toMatchObject({ state: 'polled', outcome: 'skipped' })
  })

  it('begin immediately after a user has removed the limit', async () => {
    await using running = await RunningEngine.start({
      ...{ triggers: [limited], workflows, python: slow, config: { maxConcurrentTasks: 10 } },
    })
    await running.clock.advance(0)

    await running.engine.services.triggers.set('rows', { maxActive: null })
    await running.clock.advance(0)

    expect(rowsOf(running)).toEqual([1, 2, 3, 4, 5])
  })

  it('keep the trigger from being polled by the engine that takes over', async () => {
    await using stores = await TwoStores.open()
    const before = await stores.serve({ triggers: [limited], workflows, python: slow })
    await stores.clock.advance(0)
    await before.engine.stop({ graceMs: 0 })

    const python = (host: FakeHost) => host.task('work', () => host.after(100 * SECOND, completed('{}')))
    await using after = await stores.serve({ triggers: [limited], workflows, python }, stores.there)
    await stores.clock.advance(10 * SECOND)

    expect(after.host.pollsOf('rows')).toEqual([])
    expect(rowsOf(after)).toEqual([1, 2])
  })
})

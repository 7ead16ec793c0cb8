/** Firing, polling, enabling, disabling and setting of triggers, in the same process or in another process. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ActionOptions } from '../../../src/engine/services/action-service.ts'
import { trigger, workflow } from '../../support/declared.ts'
import { completed, type FakeHost, FIRE, fault, fire, SKIP } from '../../support/fake-host.ts'
import { FIRST_PAGE, RunningEngine } from '../../support/running-engine.ts'
import { TwoStores } from '../../support/two-stores.ts'

const demo = workflow('demo', { work: {} })
const START = Date.UTC(2026, 0, 1)
const ACTOR: ActionOptions = { source: 'cli', note: 'to see it' }
const NOW = ACTOR
const POLL = { ...ACTOR, answerWithinMs: 5_000 }
const parts = { triggers: [trigger('tick')], workflows: [demo] }

describe('firing a trigger by hand', () => {
  it('starts its workflow with the given context and added keys, and records source and note', async () => {
    await using running = await RunningEngine.start({ ...parts, isIdle: true })
    await running.store.saveTriggers(
      [
        {
          name: 'tick',
          workflow: 'demo',
          pollIntervalMs: 1_000,
          allowConcurrent: false,
          policy: trigger('tick').policy,
          initialStateText: null,
          tags: null,
          priority: null,
        },
      ],
      0,
    )
    await running.engine.start()

    const report = await running.engine.services.triggers.fireText('tick', '{"n":1.0}', NOW)
    await running.clock.advance(0)

    expect(report).toEqual({ outcome: 'fired', executionId: expect.any(String), reason: null })
    const [run] = running.host.runsOf('work')
    expect(run?.executionId).toBe(report.executionId)
    expect(run?.inputText).toContain('"n":1.0')
    expect(JSON.parse(run?.inputText ?? '')).toEqual({
      n: 1,
      trigger_name: 'tick',
      triggered_at: '2026-01-01T00:00:00.000+00:00',
    })
    const [, tick] = await running.engine.services.triggers.ticks('tick', FIRST_PAGE)
    expect(tick).toMatchObject({
      outcome: 'fired',
      reason: 'by hand (cli): to see it',
      latenessMs: null,
      durationMs: null,
    })
    expect(await running.engine.services.triggers.actions('tick')).toMatchObject([
      { kind: 'fire', source: 'cli', note: 'to see it', answer: { isRefused: false } },
    ])
  })

  it('is a duplicate while an equal firing from a poll is active, unless it is forced', async () => {
    await using running = await RunningEngine.start({
      ...parts,
      python: (host) =>
        host.trigger('tick', () => fire('{"n":1}')).task('work', () => host.after(60_000, completed('{}'))),
    })
    await running.clock.advance(0)
    const { triggers } = running.engine.services

    const same = await triggers.fireText('tick', '{ "n": 1 }', NOW)
    const other = await triggers.fireText('tick', '{"n":2}', NOW)
    const forced = await triggers.fireText('tick', '{"n":1}', { ...NOW, force: true })

    const [first] = await running.engine.services.triggers.history('tick', { limit: 1, offset: 2 })
    expect(same).toEqual({ outcome: 'duplicate', executionId: first?.executionId, reason: null })
    expect([other.outcome, forced.outcome]).toEqual(['fired', 'fired'])
  })

  it('counts towards max_active, and is limited by max_active unless it is forced', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('tick', { policy: { maxActive: 1 } })],
      workflows: [demo],
      python: (host) => host.task('work', () => host.after(60_000, completed('{}'))),
    })
    await running.clock.advance(0)
    const fireWith = (n: number, force = false) =>
      running.engine.services.triggers.fireText('tick', `{"n":${n}}`, { ...ACTOR, force })

    const reports = [await fireWith(1), await fireWith(2), await fireWith(3, true)]

    expect(reports.map(({ outcome }) => outcome)).toEqual(['fired', 'limited', 'fired'])
    expect(reports[1]?.reason).toBe('max_active 1: 1 execution is active')
  })

  it('works for a disabled trigger and without a context, and does not change the trigger', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('tick', { policy: { onChange: true } })],
      workflows: [demo],
      python: (host) => host.trigger('tick', () => FIRE),
    })
    await running.clock.advance(0)
    await running.engine.services.triggers.setEnabled('tick', false)
    const before = await running.engine.services.triggers.get('tick')

    await running.engine.services.triggers.fireText('tick', null, NOW)

    expect(await running.engine.services.triggers.get('tick')).toEqual(before)
    const [firing] = await running.engine.services.triggers.history('tick', FIRST_PAGE)
    expect(firing?.contextHash).toBe('fire_no_context')
  })

  it('is rejected for an unknown trigger, an unknown workflow or an invalid context', async () => {
    await using running = await RunningEngine.start({ triggers: [trigger('tick', { workflow: 'gone' })] })
    const { triggers } = running.engine.services

    await expect(triggers.fireText('tock', null, NOW)).rejects.toMatchObject({ code: 'TRIGGER_NOT_FOUND' })
    await expect(triggers.fireText('tick', null, NOW)).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND' })
    running.registry.declare({ triggers: [], workflows: [workflow('gone', { work: {} })] })
    await expect(triggers.fireText('tick', '{"n":', NOW)).rejects.toMatchObject({ code: 'INVALID_CONTEXT' })
    expect(await running.engine.services.triggers.history('tick', FIRST_PAGE)).toEqual([])
    expect(await triggers.actions('tick')).toEqual([])
  })
})

describe('polling a trigger by hand', () => {
  it('polls immediately, returns the outcome, and leaves the due times unchanged', async () => {
    const answers = [SKIP, { kind: 'skipped', reason: 'empty' } as const, SKIP]
    await using running = await RunningEngine.start({
      ...parts,
      python: (host) => host.trigger('tick', () => host.after(40, answers.shift() ?? SKIP)),
    })
    await running.clock.advance(500)

    const asked = running.engine.services.triggers.poll('tick', POLL)
    await running.clock.advance(1_500)

    expect(await asked).toEqual({
      state: 'polled',
      outcome: 'skipped',
      firings: 0,
      duplicates: 0,
      reason: 'empty',
      executionId: null,
      error: null,
      durationMs: 40,
    })
    expect(running.host.pollsOf('tick').map((at) => at - START)).toEqual([0, 500, 1_000, 2_000])
    const [, tick] = await running.engine.services.triggers.ticks('tick', FIRST_PAGE)
    expect(tick).toMatchObject({ reason: 'empty', count: 1, latenessMs: null, durationMs: 40 })
  })

  it('fires like a scheduled poll, and returns the started or duplicated execution', async () => {
    const answers = [SKIP]
    await using running = await RunningEngine.start({
      ...parts,
      python: (host) =>
        host.trigger('tick', () => answers.shift() ?? FIRE).task('work', () => host.after(60_000, completed('{}'))),
    })
    await running.clock.advance(0) // the scheduled poll, which skips

    const first = await running.engine.services.triggers.poll('tick', POLL)
    const second = await running.engine.services.triggers.poll('tick', POLL)

    const firings = await running.engine.services.triggers.history('tick', FIRST_PAGE)
    const [{ executionId } = { executionId: null }] = running.host.runsOf('work')
    expect(firings).toMatchObject([{ executionId }])
    expect(first).toMatchObject({ outcome: 'fired', executionId })
    expect(second).toMatchObject({ outcome: 'duplicate', executionId })
  })

  it('returns the error of a failed poll, which also counts towards pause_after', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('tick', { policy: { pauseAfter: 2 } })],
      python: (host) => host.trigger('tick', () => ({ kind: 'failed', error: fault('no shop') })),
    })
    await running.clock.advance(0)

    const result = await running.engine.services.triggers.poll('tick', POLL)

    expect(result).toMatchObject({ outcome: 'failed', error: { type: 'ValueError', message: 'no shop' } })
    expect(await running.engine.services.triggers.get('tick')).toMatchObject({ isEnabled: false, failuresInRow: 2 })
  })

  it('waits for a running poll, since polls of one trigger never overlap', async () => {
    let out = 0
    let most = 0
    await using running = await RunningEngine.start({
      ...parts,
      python: (host) =>
        host.trigger('tick', async () => {
          out += 1
          most = Math.max(most, out)
          await host.after(300, null)
          out -= 1
          return SKIP
        }),
    })
    await running.clock.advance(100)

    const asked = [1, 2].map(() => running.engine.services.triggers.poll('tick', POLL))
    await running.clock.advance(2_000)

    expect((await Promise.all(asked)).map(({ state }) => state)).toEqual(['polled', 'polled'])
    expect(most).toBe(1)
  })

  it('polls a disabled trigger, and leaves the trigger disabled', async () => {
    await using running = await RunningEngine.start(parts)
    await running.clock.advance(100)
    await running.engine.services.triggers.setEnabled('tick', false)

    const result = await running.engine.services.triggers.poll('tick', POLL)
    await running.clock.advance(5_000)

    expect(result).toMatchObject({ state: 'polled', outcome: 'skipped' })
    expect(running.host.pollsOf('tick')).toHaveLength(2)
  })

  it('rejects with an unknown result if the engine stops during the poll', async () => {
    const answers = [SKIP]
    await using running = await RunningEngine.start({
      ...parts,
      python: (host) => host.trigger('tick', () => answers.pop() ?? new Promise(() => {})),
    })
    await running.clock.advance(0)
    const asked = running.engine.services.triggers.poll('tick', POLL).catch((error: Error) => error.message)
    await running.clock.advance(0)

    await running.engine.stop({ graceMs: 0 })

    expect(await asked).toBe(
      'The result of polling trigger "tick" is unknown, because the engine that polls it is stopping.',
    )
  })

  it('rejects with a shutdown error if the engine stops before the poll starts', async () => {
    await using running = await RunningEngine.start({
      ...parts,
      python: (host) => host.trigger('tick', () => new Promise(() => {})),
    })
    await running.clock.advance(0)
    const asked = [1, 2].map(() =>
      running.engine.services.triggers.poll('tick', POLL).catch((error: Error) => error.message),
    )

    await running.engine.stop({ graceMs: 0 })

    expect(await Promise.all(asked)).toEqual([
      'The runner was shut down. Open a new one.',
      'The runner was shut down. Open a new one.',
    ])
  })
})

describe('requests from another process', () => {
  let stores: TwoStores
  const serve = (python: (host: FakeHost) => void) => stores.serve({ ...parts, python })
  const client = () => stores.ask()

  beforeEach(async () => {
    stores = await TwoStores.open()
  })
  afterEach(() => stores[Symbol.asyncDispose]())

  it('a poll runs in the process that serves the trigger, and its outcome is returned', async () => {
    await using serving = await serve((host) => host.trigger('tick', () => ({ kind: 'skipped', reason: 'empty' })))
    await using asking = await client()
    await stores.clock.advance(100)

    const asked = asking.engine.services.triggers.poll('tick', POLL)
    await stores.clock.advance(600)

    expect(await asked).toMatchObject({ state: 'polled', outcome: 'skipped', reason: 'empty' })
    expect(serving.host.pollsOf('tick')).toHaveLength(2)
    expect(await serving.engine.services.triggers.actions('tick')).toMatchObject([{ kind: 'poll', source: 'cli' }])
    await serving.engine.stop({ graceMs: 0 })
  })

  it('an unanswered poll is made by an engine that starts within a minute, and rejected after that', async () => {
    await using serving = await serve((host) => host.trigger('tick', () => SKIP))
    await serving.engine.services.triggers.setEnabled('tick', false)
    await using standby = await stores.serve({ workflows: [demo] }, stores.there)
    await serving.engine.stop({ graceMs: 0 })
    await using asking = await client()

    const asked = asking.engine.services.triggers.poll('tick', POLL)
    await stores.clock.advance(5_000)
    expect(await asked).toEqual({ state: 'asked' })
    await stores.clock.advance(50_000)
    await using soon = await serve((host) => host.trigger('tick', () => SKIP))
    await stores.clock.advance(1_000)
    expect(soon.host.pollsOf('tick')).toHaveLength(1)
    await soon.engine.stop({ graceMs: 0 })

    await asking.engine.services.triggers.poll('tick', { ...ACTOR, answerWithinMs: 0 })
    await stores.clock.advance(70_000)
    await using late = await serve((host) => host.trigger('tick', () => SKIP))
    await stores.clock.advance(1_000)
    expect(late.host.polls).toEqual([])
    expect((await late.engine.services.triggers.actions('tick'))[0]?.answer).toMatchObject({ isRefused: true })
    await late.engine.stop({ graceMs: 0 })
    await standby.engine.stop({ graceMs: 0 })
  })

  it('a poll is rejected immediately if no process serves the database', async () => {
    const serving = await serve((host) => host.trigger('tick', () => SKIP))
    await serving.engine.stop({ graceMs: 0 })
    await using asking = await client()

    await expect(asking.engine.services.triggers.poll('tick', POLL)).rejects.toMatchObject({ code: 'ACTION_REFUSED' })
    expect(await asking.engine.services.triggers.actions('tick')).toEqual([])
  })

  it('a firing is stored if no process serves the database, and the next process runs its execution', async () => {
    const before = await serve((host) => host.trigger('tick', () => SKIP))
    await before.engine.stop({ graceMs: 0 })
    await using asking = await client()

    const { executionId } = await asking.engine.services.triggers.fireText('tick', '{"n":1}', NOW)
    await using serving = await serve((host) => host.trigger('tick', () => SKIP))
    await stores.clock.advance(0)

    expect(serving.host.runsOf('work')).toMatchObject([{ executionId }])
    await serving.engine.stop({ graceMs: 0 })
  })

  it('a new interval and a disabled trigger take effect within half a second', async () => {
    await using serving = await serve((host) => host.trigger('tick', () => SKIP))
    await using asking = await client()
    await stores.clock.advance(100)

    await asking.engine.services.triggers.set('tick', { pollIntervalMs: 5_000 }, ACTOR)
    await stores.clock.advance(10_500)
    await asking.engine.services.triggers.setEnabled('tick', false, { source: 'http', note: 'holiday' })
    await stores.clock.advance(10_000)

    expect(serving.host.pollsOf('tick').map((at) => at - START)).toEqual([0, 5_000, 10_000])
    expect(await serving.engine.services.triggers.get('tick')).toMatchObject({
      note: 'holiday',
      overrides: { pollIntervalMs: 5_000 },
    })
    expect(
      (await serving.engine.services.triggers.actions('tick')).map(({ kind, source, argumentsText }) => [
        kind,
        source,
        argumentsText,
      ]),
    ).toEqual([
      ['disable', 'http', null],
      ['set', 'cli', '{"pollIntervalMs":5000}'],
    ])
    await serving.engine.stop({ graceMs: 0 })
  })
})

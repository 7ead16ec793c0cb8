/** Polls by hand: each poll is stored with its action, and a request without an answer is rejected after a minute. */

import { describe, expect, it } from 'vitest'
import type { Store } from '../../../src/engine/store.ts'
import type { PollOutcome } from '../../../src/model/trigger.ts'
import { AT_ONCE } from '../../support/begun-execution.ts'
import { trigger, workflow } from '../../support/declared.ts'
import { FIRE, fault, SKIP } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { TwoStores } from '../../support/two-stores.ts'

const workflows = [workflow('demo', { work: {} })]
const INBOX = trigger('inbox', { everyMs: 3_600_000 })

type PollStep = 'recordSkip' | 'recordFired' | 'recordFailed'

const OUTCOMES: readonly (readonly [PollOutcome['kind'], PollStep, PollOutcome])[] = [
  ['skipped', 'recordSkip', SKIP],
  ['fired', 'recordFired', FIRE],
  ['failed', 'recordFailed', { kind: 'failed', error: fault('no shop') }],
]

describe.each(OUTCOMES)('a poll by hand that %s', (outcome, step, answered) => {
  const python = (host: RunningEngine['host']) => host.trigger('inbox', () => answered)
  /** Starts an engine with the store that `before` returns. */
  async function serving(before: (store: Store) => Store) {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const parts = { triggers: [INBOX], workflows, clock, store: before(store), python }
    const running = await RunningEngine.start(parts)
    return {
      running,
      triggers: running.engine.services.triggers,
      [Symbol.asyncDispose]: async () => {
        try {
          await running[Symbol.asyncDispose]()
        } finally {
          await store.close()
        }
      },
    }
  }

  it('is answered after a failed write, once the poll and its action are stored', async () => {
    const refusals = new Refusals()
    await using served = await serving((store) => refusals.of(store))
    const { running, triggers } = served
    refusals.refuse(step, 1)

    const asked = triggers.poll('inbox')
    await running.clock.advance(0)
    const before = [await triggers.actions('inbox'), await triggers.ticks('inbox', FIRST_PAGE)]
    await running.clock.advance(5_000)

    expect(before[0]).toEqual([])
    expect(before[1]).not.toContainEqual(expect.objectContaining({ latenessMs: null }))
    expect(await asked).toMatchObject({ state: 'polled', outcome })
    expect(await triggers.actions('inbox')).toMatchObject([{ kind: 'poll', answer: { isRefused: false } }])
    expect(running.host.pollsOf('inbox')).toHaveLength(1)
  })

  it('is rejected, and not stored, if the engine stops before the database accepts the poll', async () => {
    const refusals = new Refusals()
    const served = await serving((store) => refusals.of(store))
    refusals.refuse(step, 100)

    const asked = served.triggers.poll('inbox').catch((error: Error) => error.message)
    await served.running.clock.advance(0)
    const stopped = served.running.engine.stop({ graceMs: 0 })
    await expect(stopped).rejects.toMatchObject({ code: 'DATABASE_FAILED' })

    expect(await asked).toContain('The result of polling trigger "inbox" is unknown')
    const [action] = await served.running.store.actions.list({ target: 'inbox' }, FIRST_PAGE)
    expect(action).toMatchObject({ kind: 'poll', answer: { isRefused: true } })
    await expect(served[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
  })

  it('is stored together with the answer to the process that requested the poll', async () => {
    await using stores = await TwoStores.open()
    await using served = await stores.serve({ triggers: [INBOX], workflows, python })
    await using asking = await stores.ask()
    await stores.clock.advance(0)

    const asked = asking.engine.services.triggers.poll('inbox', { answerWithinMs: 5_000 })
    await stores.clock.advance(1_000)

    expect(await asked).toMatchObject({ state: 'polled', outcome })
    const [action] = await served.engine.services.triggers.actions('inbox')
    const [tick] = await served.engine.services.triggers.ticks('inbox', FIRST_PAGE)
    expect(action?.answeredAt).toBe(tick?.lastAt)
  })
})

it('repeats a poll by hand if another engine took the lease of the trigger during the poll', async () => {
  const clock = new ManualClock()
  const store = await openMemoryStore(clock)
  let losses = 1
  const losing: Store = {
    ...store,
    recordFailed: async (tick) => (losses-- > 0 ? { kind: 'lost' } : await store.recordFailed(tick)),
  }
  const answers: PollOutcome[] = [SKIP, { kind: 'failed', error: fault('lost') }]
  await using running = await RunningEngine.start({
    ...{ triggers: [INBOX], workflows, clock, store: losing },
    python: (host) => host.trigger('inbox', () => answers.shift() ?? FIRE),
  })
  await clock.advance(0)

  const asked = running.engine.services.triggers.poll('inbox', { answerWithinMs: 5_000 })
  await clock.advance(5_000)

  expect(await asked).toMatchObject({ state: 'polled', outcome: 'fired' })
  const actions = await running.engine.services.triggers.actions('inbox')
  expect(actions).toMatchObject([{ kind: 'poll', answer: { isRefused: false } }])
  await running.engine.stop({ graceMs: 0 })
  await store.close()
})

it.each([
  ['five minutes', 300_000],
  ['an hour', 3_600_000],
])('rejects a poll requested more than 60 s ago, even if the wall clock was set back by %s', async (_, byMs) => {
  await using stores = await TwoStores.open()
  await using serving = await stores.serve({ triggers: [INBOX, trigger('other')], workflows })
  await using asking = await stores.ask()
  serving.registry.replaceScript('jobs.py', { triggers: [trigger('other')], workflows })
  await stores.clock.advance(1_000)

  const requested = await asking.engine.services.triggers.poll('inbox', AT_ONCE)
  await stores.clock.advance(1_000)
  await stores.clock.setWall(-byMs)
  await stores.clock.advance(90_000)
  serving.registry.replaceScript('jobs.py', { triggers: [INBOX, trigger('other')], workflows })
  await stores.clock.advance(60_000) // the engine polls for requests every 30 s

  expect(requested).toEqual({ state: 'asked' })
  const [action] = await asking.engine.services.triggers.actions('inbox')
  expect(action).toMatchObject({ kind: 'poll', answer: { isRefused: true } })
})

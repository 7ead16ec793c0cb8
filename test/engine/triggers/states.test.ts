/** States of triggers: polls receive and change them, and users read and replace them. */

import { describe, expect, it } from 'vitest'
import type { Store } from '../../../src/engine/store.ts'
import { firedOnce, type PollOutcome } from '../../../src/model/trigger.ts'
import { trigger, workflow } from '../../support/declared.ts'
import { fault } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { TwoStores } from '../../support/two-stores.ts'

const workflows = [workflow('demo', { work: {} })]
const ROWS = trigger('rows', { initialStateText: '{"last":0}' })
const SECOND = 1_000

const skip = (stateText: string): PollOutcome => ({ kind: 'skipped', reason: null, stateText })
const fired = (contextText: string, stateText: string): PollOutcome => ({ ...firedOnce(contextText), stateText })

/** Changes the state as another engine does that does not know of the serving one, or considers it dead. */
async function changedByAnother(store: Store, clock: ManualClock): Promise<void> {
  const changed = await store.changeState({
    ...{ trigger: 'rows', text: '{"last":50}', version: null, lease: 1, at: clock.now() },
    recorded: () => ({
      action: { id: 'a', kind: 'state', target: 'rows', source: 'cli', note: null, argumentsText: null, at: 0 },
      answer: { isRefused: false, text: null },
    }),
  })
  expect(changed.kind).toBe('stored')
}

/** Returns the outcomes in order, and collects the states that the polls receive. */
function scripted(...outcomes: readonly PollOutcome[]) {
  const received: (string | undefined)[] = []
  const left = [...outcomes]
  return {
    received,
    python: (host: RunningEngine['host']) =>
      void host.trigger('rows', ({ stateText }) => {
        received.push(stateText)
        return left.shift() ?? skip(stateText ?? 'none')
      }),
  }
}

describe('a poll of a trigger with a state', () => {
  it('receives the state that the poll before it stored', async () => {
    const { received, python } = scripted(fired('{"n":1}', '{"last":1}'), skip('{"last":2}'))
    await using running = await RunningEngine.start({ triggers: [ROWS], workflows, python })

    await running.clock.advance(3 * SECOND)

    expect(received.slice(0, 4)).toEqual(['{"last":0}', '{"last":1}', '{"last":2}', '{"last":2}'])
    expect(await running.engine.services.triggers.state('rows')).toMatchObject({
      ...{ trigger: 'rows', state: { last: 2 }, version: 2, changedBy: 'poll' },
    })
    const ticks = await running.engine.services.triggers.ticks('rows', FIRST_PAGE)
    expect(ticks.map(({ outcome, changesState }) => [outcome, changesState]).slice(-2)).toEqual([
      ['skipped', true],
      ['fired', true],
    ])
  })

  it('is refused and keeps the state while its workflow is not declared', async () => {
    const { received, python } = scripted(fired('{"n":1}', '{"last":1}'), fired('{"n":1}', '{"last":1}'))
    await using running = await RunningEngine.start({ triggers: [ROWS], python })

    await running.clock.advance(0)
    const [tick] = await running.engine.services.triggers.ticks('rows', FIRST_PAGE)
    const reason = 'Workflow not found in registry: demo.'
    expect(tick).toMatchObject({ outcome: 'refused', reason, changesState: false })
    running.registry.declare({ triggers: [ROWS], workflows })
    await running.clock.advance(2 * SECOND)

    expect(received.slice(0, 3)).toEqual(['{"last":0}', '{"last":0}', '{"last":1}'])
    expect(running.host.runs).toHaveLength(1)
  })

  it('receives the limit of the state', async () => {
    const limits: unknown[] = []
    await using running = await RunningEngine.start({
      triggers: [ROWS, trigger('other')],
      config: { triggerStateBytes: 100 },
      python: (host) => {
        for (const name of ['rows', 'other']) {
          host.trigger(name, ({ maxStateBytes, stateText }) => {
            limits.push([name, maxStateBytes, stateText])
            return skip('{"last":0}')
          })
        }
      },
    })
    await running.clock.advance(0)

    expect(limits).toEqual([
      ['rows', 100, '{"last":0}'],
      ['other', undefined, undefined],
    ])
  })

  it('needs no step of the store beyond a buffered skip if the state is unchanged', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const calls: string[] = []
    const watched = new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => {
          calls.push(String(name))
          return member.apply(target, args)
        }
      },
    })
    await using running = await RunningEngine.start({ triggers: [ROWS], workflows, clock, store: watched })
    running.host.trigger('rows', ({ stateText }) => skip(stateText ?? ''))
    await clock.advance(SECOND)
    calls.length = 0

    await clock.advance(3 * SECOND)

    const ofTriggers = ['recordSkip', 'recordFired', 'leasedFacts', 'getState', 'releaseWaiting']
    expect(calls.filter((name) => ofTriggers.includes(name))).toEqual([])
    expect(calls.filter((name) => name === 'noteSkip')).toHaveLength(3)
    await running.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it.each(['failed', 'timedOut'] as const)('stores no state if it %s', async (kind) => {
    const { received, python } = scripted({ kind, error: fault('no') })
    await using running = await RunningEngine.start({ triggers: [ROWS], workflows, python })

    await running.clock.advance(SECOND)

    expect(received).toEqual(['{"last":0}', '{"last":0}'])
    expect(await running.engine.services.triggers.state('rows')).toMatchObject({ version: 0, changedAt: null })
  })

  it('is not followed by another poll before its skip with a changed state is stored', async () => {
    const refusals = new Refusals()
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const { received, python } = scripted(skip('{"last":1}'))
    await using running = await RunningEngine.start({
      ...{ triggers: [ROWS], workflows, clock, store: refusals.of(store), python },
    })
    const release = refusals.hold('recordSkip')

    await clock.advance(5 * SECOND)
    const before = [...received]
    release()
    await clock.advance(SECOND)

    expect(before).toEqual(['{"last":0}'])
    expect(received.slice(0, 2)).toEqual(['{"last":0}', '{"last":1}'])
    await running.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('fails and starts nothing if the state was changed, and the next poll receives the new state', async () => {
    const { received, python } = scripted(fired('{"n":1}', '{"last":1}'))
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    await using running = await RunningEngine.start({ triggers: [ROWS], workflows, clock, store, python, isIdle: true })
    await running.engine.start()
    const failures = running.record('triggerFailed')
    await changedByAnother(store, clock)

    await clock.advance(SECOND)

    expect(failures).toMatchObject([{ trigger: 'rows', error: { type: 'STATE_CHANGED' } }])
    expect(received).toEqual(['{"last":0}', '{"last":50}'])
    expect(await running.engine.services.executions.list(FIRST_PAGE)).toEqual([])
    const ticks = await running.engine.services.triggers.ticks('rows', FIRST_PAGE)
    expect(ticks.at(-1)).toMatchObject({ outcome: 'failed', errorType: 'STATE_CHANGED' })
    await running.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('receives a state that was changed while its engine stood still, although it only skips', async () => {
    const { received, python } = scripted()
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    await using running = await RunningEngine.start({ triggers: [ROWS], workflows, clock, store, python })
    await clock.advance(SECOND)
    clock.standStill(15 * SECOND)
    await changedByAnother(store, clock)

    await clock.advance(SECOND)

    expect(received.at(-1)).toBe('{"last":50}')
    await running.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('is not affected by a firing by hand', async () => {
    const { received, python } = scripted(skip('{"last":1}'))
    await using running = await RunningEngine.start({ triggers: [ROWS], workflows, python })
    await running.clock.advance(0)
    const { triggers } = running.engine.services

    await triggers.fire('rows', { row: 9 })
    await running.clock.advance(SECOND)

    expect(received).toEqual(['{"last":0}', '{"last":1}'])
    expect(await triggers.state('rows')).toMatchObject({ state: { last: 1 }, version: 1 })
  })

  it('cannot have on_change set by a user', async () => {
    const { python } = scripted()
    await using running = await RunningEngine.start({ triggers: [ROWS], workflows, python })
    await running.clock.advance(0)

    const set = running.engine.services.triggers.set('rows', { onChange: true })

    await expect(set).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('on_change') })
  })

  it('fails if on_change would drop its firings', async () => {
    const { python } = scripted(fired('{}', '{"last":1}'))
    const rows = trigger('rows', { initialStateText: '{}', policy: { onChange: true } })
    await using running = await RunningEngine.start({ triggers: [rows], workflows, python })
    const failures = running.record('triggerFailed')

    await running.clock.advance(0)

    expect(failures[0]?.error.message).toContain('on_change')
    expect(await running.engine.services.triggers.state('rows')).toMatchObject({ version: 0 })
  })

  it('receives the stored state in the engine that takes over', async () => {
    await using stores = await TwoStores.open()
    const first = scripted(skip('{"last":7}'))
    const before = await stores.serve({ triggers: [ROWS], workflows, python: first.python })
    await stores.clock.advance(0)
    await before.engine.stop({ graceMs: 0 })

    const second = scripted()
    await using after = await stores.serve({ triggers: [ROWS], workflows, python: second.python }, stores.there)
    await stores.clock.advance(SECOND)

    expect(after.host.pollsOf('rows').length).toBeGreaterThan(0)
    expect(second.received[0]).toBe('{"last":7}')
  })
})

describe('a change of a state by a user', () => {
  it('is received by the next poll, and is recorded as an action', async () => {
    const { received, python } = scripted()
    await using running = await RunningEngine.start({ triggers: [ROWS], workflows, python })
    await running.clock.advance(0)
    const { triggers } = running.engine.services

    const changed = await triggers.setState('rows', { last: 5 }, { note: 'skip old rows', version: 0 })
    await running.clock.advance(SECOND)

    const [action] = await triggers.actions('rows')
    expect(action).toMatchObject({
      ...{ kind: 'state', note: 'skip old rows', argumentsText: '{"state":{"last":5},"version":0}' },
      answer: { isRefused: false },
    })
    expect(changed).toMatchObject({ state: { last: 5 }, version: 1, changedBy: action?.id })
    expect(received).toEqual(['{"last":0}', '{"last":5}'])
  })

  it('keeps exact numbers, and removes spaces so that an equal state of a poll is unchanged', async () => {
    const { received, python } = scripted()
    await using running = await RunningEngine.start({ triggers: [ROWS], workflows, python })
    const text = '{ "last": 12345678901234567890, "ratio": 1.0 }'

    await running.engine.services.triggers.setStateText('rows', text)
    await running.clock.advance(0)

    expect(received.at(-1)).toBe('{"last":12345678901234567890,"ratio":1.0}')
  })

  it('resets the state', async () => {
    const { received, python } = scripted(skip('{"last":9}'))
    await using running = await RunningEngine.start({ triggers: [ROWS], workflows, python })
    await running.clock.advance(0)

    const reset = await running.engine.services.triggers.resetState('rows', { note: 'again' })
    await running.clock.advance(SECOND)

    expect(reset).toMatchObject({ state: { last: 0 }, version: 2 })
    expect(received).toEqual(['{"last":0}', '{"last":0}'])
  })

  it('is refused with another version, for a large state, and without a state', async () => {
    const parts = { triggers: [ROWS, trigger('plain')], workflows, config: { triggerStateBytes: 10 } }
    await using running = await RunningEngine.start(parts)
    await running.clock.advance(0)
    const { triggers } = running.engine.services

    const refusals = [
      triggers.setState('rows', {}, { version: 3 }),
      triggers.setState('rows', { last: 10 ** 9 }),
      triggers.setState('plain', {}),
      triggers.state('plain'),
      triggers.resetState('nobody'),
    ]

    const codes = (await Promise.allSettled(refusals)).map((each) => each.status === 'rejected' && each.reason.code)
    expect(codes).toEqual([
      'STATE_CHANGED',
      'INVALID_ARGUMENT',
      'TRIGGER_HAS_NO_STATE',
      'TRIGGER_HAS_NO_STATE',
      'TRIGGER_NOT_FOUND',
    ])
    expect(await triggers.actions('rows')).toEqual([])
  })

  it('waits for the end of a running poll, which stores its state first', async () => {
    const { received, python } = scripted()
    await using running = await RunningEngine.start({ triggers: [ROWS], workflows, python })
    running.host.trigger('rows', ({ stateText }) => {
      received.push(stateText)
      return running.host.after(10 * SECOND, skip('{"last":1}'))
    })
    await running.clock.advance(0)

    const changing = running.engine.services.triggers.setState('rows', { last: 5 })
    await running.clock.advance(5 * SECOND)
    const during = await running.store.getState('rows')
    await running.clock.advance(6 * SECOND)

    expect(during).toMatchObject({ version: 0 })
    expect(await changing).toMatchObject({ state: { last: 5 }, version: 2 })
    expect(received).toEqual(['{"last":0}', '{"last":5}'])
  })

  it('is made by the engine that polls the trigger if another process requests it', async () => {
    await using stores = await TwoStores.open()
    const { received, python } = scripted()
    await using _serving = await stores.serve({ triggers: [ROWS], workflows, python })
    await using asking = await stores.ask()
    await stores.clock.advance(0)

    const changing = asking.engine.services.triggers.setState('rows', { last: 5 }, { source: 'cli' })
    await stores.clock.advance(2 * SECOND)

    expect(await changing).toMatchObject({ state: { last: 5 }, version: 1 })
    expect(received.at(-1)).toBe('{"last":5}')
    expect(await asking.engine.services.triggers.actions('rows')).toMatchObject([
      { kind: 'state', source: 'cli', answer: { isRefused: false } },
    ])
  })

  it('is refused with its code if the engine of another process finds another version', async () => {
    await using stores = await TwoStores.open()
    await using _serving = await stores.serve({
      triggers: [ROWS],
      workflows,
      python: scripted(skip('{"last":1}')).python,
    })
    await using asking = await stores.ask()
    await stores.clock.advance(0)

    const changing = asking.engine.services.triggers.setState('rows', { last: 5 }, { version: 0 })
    const refused = changing.catch((error: { readonly code: string }) => error.code)
    await stores.clock.advance(2 * SECOND)

    expect(await refused).toBe('STATE_CHANGED')
    expect(await asking.engine.services.triggers.actions('rows')).toMatchObject([{ answer: { isRefused: true } }])
  })

  it('is made by the requesting process if no engine polls the trigger', async () => {
    await using stores = await TwoStores.open()
    const serving = await stores.serve({ triggers: [ROWS], workflows })
    await stores.clock.advance(0)
    await serving.engine.stop({ graceMs: 0 })
    await using asking = await stores.ask()

    expect(await asking.engine.services.triggers.setState('rows', { last: 5 })).toMatchObject({ version: 1 })
  })
})

/** Alerts that a real store keeps: engines that share a database, stop or die, and workflows that fail for an hour. */

import { describe, expect, it } from 'vitest'
import type { AlertOptions } from '../../src/alerts/alert-options.ts'
import type { AttemptResult } from '../../src/alerts/alert-target.ts'
import { EngineAlerts } from '../../src/alerts/engine-alerts.ts'
import { EngineEvents } from '../../src/engine/engine-events.ts'
import type { IncidentReport } from '../../src/engine/incidents/incident-report.ts'
import type { Store } from '../../src/engine/store.ts'
import { StoreError } from '../../src/errors.ts'
import { type Alert, GIVE_UP_AFTER_MS, TAKEN_MS } from '../../src/model/alert.ts'
import { makeAlert } from '../support/alert-builders.ts'
import { trigger, workflow } from '../support/declared.ts'
import { completed, FIRE, failed } from '../support/fake-host.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../support/running-engine.ts'
import { TwoStores } from '../support/two-stores.ts'

const HOUR_MS = 3_600_000
const TAKES: AttemptResult = { response: 'status 204', error: null }
const REFUSES: AttemptResult = { response: 'status 500', error: 'the server answered with status 500' }

interface Receiver {
  readonly received: Alert[]
  answer: (alert: Alert, stopping: AbortSignal) => AttemptResult | Promise<AttemptResult>
}

function receiver(answer: Receiver['answer'] = () => TAKES): Receiver {
  return { received: [], answer }
}

/** Starts the alerts of an engine whose targets record each alert that they accept. */
function alertsOn(
  store: Store,
  clock: ManualClock,
  receivers: Readonly<Record<string, Receiver>>,
  { events = new EngineEvents(), ...options }: AlertOptions & { readonly events?: EngineEvents } = {},
): EngineAlerts {
  const targets = Object.entries(receivers).map(([name, { received }]) => ({
    ...{ receiver: name, to: 'url' as const, shown: name },
    async send(alert: Alert, stopping: AbortSignal) {
      const result = (await receivers[name]?.answer(alert, stopping)) ?? REFUSES
      if (result.error === null) received.push(alert)
      return result
    },
  }))
  return new EngineAlerts(targets, options, { store: store.incidents, events, clock, warn: () => undefined })
}

function failure(clock: ManualClock, subject: string, receivers: readonly string[] = ['default']): IncidentReport {
  const { id: _, kind, state: _state, at: _at, since: _since, count: _count, ...facts } = makeAlert()
  return {
    ...{ kind, subject, at: clock.now(), facts: { ...facts, workflow: subject, message: `${subject} failed` } },
    targets: receivers.map((name) => ({ receiver: name, to: 'url' })),
    ...{ repeatMs: 4 * HOUR_MS, cooldownMs: 600_000, sendsRecovery: true, isMoment: false },
  }
}

const states = ({ received }: Receiver) => received.map(({ state }) => state)

describe('two engines on one database', () => {
  it('deliver each alert once, with one incident', { tags: ['proof'] }, async () => {
    await using stores = await TwoStores.open()
    const { clock, here, there } = stores
    const one = receiver()
    const alerts = [alertsOn(here, clock, { default: one }), alertsOn(there, clock, { default: one })]

    for (let failed = 0; failed < 50; failed += 1) {
      await (failed % 2 === 0 ? here : there).incidents.report(failure(clock, `workflow ${failed % 5}`))
      await clock.advance(100)
    }
    await clock.advance(5_000)
    await Promise.all(alerts.map((each) => each.close(0)))

    expect(one.received.map(({ message }) => message).toSorted()).toEqual(
      [0, 1, 2, 3, 4].map((number) => `workflow ${number} failed`),
    )
    expect(await here.incidents.listIncidents(FIRST_PAGE)).toHaveLength(5)
  })

  it('leave the alerts of receivers that they do not have to the other', async () => {
    await using stores = await TwoStores.open()
    const { clock, here, there } = stores
    const [first, second] = [receiver(), receiver()]
    const alerts = [alertsOn(here, clock, { first }), alertsOn(there, clock, { second })]

    await here.incidents.report(failure(clock, 'etl', ['first', 'second']))
    await clock.advance(3_000)
    await Promise.all(alerts.map((each) => each.close(0)))

    expect([first.received.length, second.received.length]).toEqual([1, 1])
    expect(first.received[0]?.id).toBe(second.received[0]?.id)
  })
})

describe('an engine that dies', () => {
  it('leaves the alert that it was sending and those after it to the next engine, with the same ids', async () => {
    await using stores = await TwoStores.open()
    const { clock, here, there } = stores
    const dead = receiver(() => new Promise(() => undefined))
    alertsOn(here, clock, { default: dead })
    for (const name of ['a', 'b', 'c']) await here.incidents.report(failure(clock, name))
    await clock.advance(2_000)
    const taken = await here.incidents.listAlerts(FIRST_PAGE)

    const next = receiver()
    const alerts = alertsOn(there, clock, { default: next })
    await clock.advance(5_000)
    const soon = next.received.map(({ message }) => message)
    await clock.advance(TAKEN_MS)
    await alerts.close(0)

    expect(soon).toEqual(['b failed', 'c failed'])
    expect(next.received.map(({ message }) => message)).toEqual(['b failed', 'c failed', 'a failed'])
    expect(next.received.map(({ id }) => id).toSorted()).toEqual(taken.map(({ id }) => id).toSorted())
  })
})

describe('a receiver that is down', () => {
  it('receives the alerts of an incident in their order when it is back', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const down = receiver(() => REFUSES)
    const alerts = alertsOn(store, clock, { default: down })

    await store.incidents.report(failure(clock, 'etl'))
    await clock.advance(4 * HOUR_MS + 1)
    await store.incidents.report(failure(clock, 'etl'))
    await clock.advance(HOUR_MS)
    await store.incidents.end(['execution-failed'], 'etl', clock.now())
    await clock.advance(HOUR_MS)
    down.answer = () => TAKES
    await clock.advance(HOUR_MS)
    await alerts.close(0)

    expect(states(down)).toEqual(['opened', 'repeated', 'recovered'])
    await store.close()
  })

  it('receives no alert that is older than 24 h, and the list shows it as failed with its last response', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const down = receiver(() => REFUSES)
    const alerts = alertsOn(store, clock, { default: down })

    await store.incidents.report(failure(clock, 'etl'))
    await clock.advance(GIVE_UP_AFTER_MS)
    down.answer = () => TAKES
    await clock.advance(HOUR_MS)
    await alerts.close(0)

    expect(down.received).toEqual([])
    expect((await store.incidents.listAlerts(FIRST_PAGE))[0]?.deliveries).toMatchObject([
      {
        ...{ receiver: 'default', to: 'url', outcome: 'failed', response: 'status 500' },
        error: `not delivered within 24 h: ${REFUSES.error}`,
      },
    ])
    await store.close()
  })
})

describe('a wall clock that is set forward by a day', () => {
  it('fails no delivery: each has 24 h of attempts, also those that wait for an earlier alert', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const down = receiver(() => REFUSES)
    const alerts = alertsOn(store, clock, { default: down })
    await store.incidents.report(failure(clock, 'etl'))
    await clock.advance(90 * 60_000)
    await store.incidents.end(['execution-failed'], 'etl', clock.now())

    await clock.setWall(GIVE_UP_AFTER_MS)
    await clock.advance(HOUR_MS)
    down.answer = () => TAKES
    await clock.advance(HOUR_MS)
    await alerts.close(0)

    expect(states(down)).toEqual(['opened', 'recovered'])
    await store.close()
  })

  it('and then back does not prolong the attempts', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const down = receiver(() => REFUSES)
    const alerts = alertsOn(store, clock, { default: down })
    await store.incidents.report(failure(clock, 'etl'))
    await clock.advance(1_500)

    await clock.setWall(GIVE_UP_AFTER_MS)
    await clock.advance(HOUR_MS)
    await clock.setWall(-GIVE_UP_AFTER_MS)
    await clock.advance(GIVE_UP_AFTER_MS)
    down.answer = () => TAKES
    await clock.advance(HOUR_MS)
    await alerts.close(0)

    expect(states(down)).toEqual([])
    await store.close()
  })
})

describe('a database that refuses', () => {
  it('causes one alert from memory, and one about the recovery after five minutes without a refusal', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const events = new EngineEvents()
    const oncall = receiver()
    const alerts = alertsOn(store, clock, { default: oncall }, { events })
    {
      await using running = await RunningEngine.start({ clock, store, events, incidents: alerts.policy })
      await clock.advance(2_000)
      const error = new StoreError('DATABASE_FAILED', 'the disk is full')

      for (const during of ['polling', 'recording a firing']) events.emit('trouble', { during, error, retryAt: null })
      await clock.advance(0)
      expect(states(oncall)).toEqual(['opened'])
      await clock.advance(301_000)
      expect(running.engine.underWay()).toEqual([])
    }
    await clock.advance(2_000)
    await alerts.close(0)

    expect(states(oncall)).toEqual(['opened', 'recovered'])
    expect(await store.incidents.listAlerts(FIRST_PAGE)).toMatchObject([
      { kind: 'database-refused', state: 'recovered', deliveries: [{ outcome: 'delivered' }] },
      { kind: 'database-refused', state: 'opened', id: oncall.received[0]?.id, deliveries: [{ outcome: 'delivered' }] },
    ])
    await store.close()
  })
})

describe('a workflow that fails twice a second for an hour', () => {
  it('causes at most three alerts, for the first failure and for a success between failures', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const events = new EngineEvents()
    const oncall = receiver()
    const alerts = alertsOn(store, clock, { default: oncall }, { events })
    let isFailing = true
    {
      await using running = await RunningEngine.start({
        ...{ clock, store, events, incidents: alerts.policy },
        triggers: [trigger('often', { workflow: 'etl', everyMs: 500, allowConcurrent: true })],
        workflows: [workflow('etl', { read: {} })],
        python: (host) => {
          host.trigger('often', () => FIRE)
          host.task('read', ({ inputText }) => (isFailing ? failed('no luck') : completed(inputText)))
        },
      })
      await clock.advance(HOUR_MS / 2)
      isFailing = false
      await clock.advance(2_000)
      isFailing = true
      await clock.advance(HOUR_MS / 2)
      expect(running.engine.underWay()).toEqual([])
    }
    await alerts.close(0)

    const [incident] = await store.incidents.listIncidents(FIRST_PAGE)
    expect(incident?.count).toBeGreaterThan(7_000)
    expect(states(oncall).length).toBeLessThanOrEqual(3)
    expect(states(oncall)).toEqual(['opened', 'recovered'])
    await store.close()
  }, 120_000)
})

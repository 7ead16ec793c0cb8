/** Store contract tests for incidents and the messages about them. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { IncidentReport } from '../../src/engine/incidents/incident-report.ts'
import type { Store } from '../../src/engine/store.ts'
import { FIRST_PAGE, incidentReport, START, sentAlert, URL_OF_ONCALL } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const KINDS = ['execution-failed'] as const

export function describeIncidentContract(context: ContractContext): void {
  const fail = (at: number, given: Partial<IncidentReport> = {}, store: Store = context.store) =>
    store.incidents.report(incidentReport({ at: START + at, ...given }))
  const succeed = (at: number, store: Store = context.store) => store.incidents.end(KINDS, 'ingest', START + at)
  /** Messages, oldest first: `opened 0`, with the time after `START` in minutes. */
  const messages = async () => {
    const alerts = await context.store.incidents.listAlerts(FIRST_PAGE)
    return alerts.map(({ state, at }) => `${state} ${(at - START) / MINUTE_MS}`).reverse()
  }
  const incidents = () => context.store.incidents.listIncidents(FIRST_PAGE)

  describe('an incident', () => {
    test('is opened by the first failure with a message, and extended by further failures without one', async () => {
      await fail(0)
      await fail(MINUTE_MS)
      await fail(2 * MINUTE_MS)

      expect(await incidents()).toEqual([
        {
          ...{ id: expect.any(String), kind: 'execution-failed', subject: 'ingest', openedAt: START },
          ...{ lastAt: START + 2 * MINUTE_MS, count: 3, endedAt: null },
        },
      ])
      expect(await messages()).toEqual(['opened 0'])
    })

    test('stores all facts of its message, and a pending delivery for each target', async () => {
      const command = { receiver: 'default', to: 'command' } as const
      await fail(0, { targets: [URL_OF_ONCALL, command, URL_OF_ONCALL] })

      const pending = { outcome: 'pending', attempts: 0, response: null, error: null, endedAt: null }
      expect(await context.store.incidents.listAlerts(FIRST_PAGE)).toEqual([
        {
          ...sentAlert(),
          id: expect.any(String),
          deliveries: [
            { ...command, ...pending },
            { ...URL_OF_ONCALL, ...pending },
          ],
        },
      ])
    })

    test('is separate for each kind and each subject', async () => {
      await fail(0)
      await fail(0, { subject: 'other' })
      await fail(0, { kind: 'deadline-missed' })

      expect(await incidents()).toHaveLength(3)
      expect(await messages()).toEqual(['opened 0', 'opened 0', 'opened 0'])
    })

    test('has another message with the number of failures when it fails after the time of repetition', async () => {
      await fail(0)
      await fail(4 * HOUR_MS - 1)
      await fail(4 * HOUR_MS)
      await fail(8 * HOUR_MS - 1)

      expect(await messages()).toEqual(['opened 0', 'repeated 240'])
      const [repeated] = await context.store.incidents.listAlerts(FIRST_PAGE)
      expect(repeated).toMatchObject({ count: 3, since: START, at: START + 4 * HOUR_MS })
    })

    test('ends with a message that has the facts of the last failure', async () => {
      await fail(0)
      await fail(MINUTE_MS, { facts: { ...incidentReport().facts, cause: 'last: KeyError: x' } })
      await succeed(2 * HOUR_MS)
      await succeed(3 * HOUR_MS)

      expect(await messages()).toEqual(['opened 0', 'recovered 120'])
      const [recovered] = await context.store.incidents.listAlerts(FIRST_PAGE)
      expect(recovered).toMatchObject({
        ...{ state: 'recovered', count: 2, since: START, cause: 'last: KeyError: x', workflow: 'ingest' },
        message: 'Workflow "ingest" completed again after 2 failures in 2 h.',
        deliveries: [{ ...URL_OF_ONCALL, outcome: 'pending' }],
      })
      expect(await incidents()).toMatchObject([{ endedAt: START + 2 * HOUR_MS, count: 2 }])
    })

    test('ends without a message if its last report sends none', async () => {
      await fail(0)
      await fail(1, { sendsRecovery: false })
      await succeed(MINUTE_MS)

      expect(await messages()).toEqual(['opened 0'])
      expect(await incidents()).toMatchObject([{ endedAt: START + MINUTE_MS }])
    })

    test('is opened again in the cool-down, without a message at its opening and at its end', async () => {
      await fail(0)
      await succeed(MINUTE_MS)
      await fail(11 * MINUTE_MS - 1)
      const again = await incidents()
      await succeed(12 * MINUTE_MS)

      expect(again).toMatchObject([{ openedAt: START, count: 2, endedAt: null }])
      expect(await messages()).toEqual(['opened 0', 'recovered 1'])
    })

    test('that was opened again without a message has one after the time of repetition, and at its end', async () => {
      await fail(0)
      await succeed(MINUTE_MS)
      await fail(2 * MINUTE_MS)
      await fail(4 * HOUR_MS + MINUTE_MS - 1)
      await fail(4 * HOUR_MS + MINUTE_MS)
      await succeed(5 * HOUR_MS)

      expect(await messages()).toEqual(['opened 0', 'recovered 1', 'repeated 241', 'recovered 300'])
    })

    test('that fails after the cool-down is another incident with a message', async () => {
      await fail(0)
      await succeed(MINUTE_MS)
      await fail(11 * MINUTE_MS)

      expect(await incidents()).toMatchObject([
        { openedAt: START + 11 * MINUTE_MS, count: 1, endedAt: null },
        { openedAt: START, count: 1, endedAt: START + MINUTE_MS },
      ])
      expect(await messages()).toEqual(['opened 0', 'recovered 1', 'opened 11'])
    })

    test('that fails and succeeds alternately has two messages until the time of repetition', async () => {
      const times = Array.from({ length: 120 }, (_, index) => (index * HOUR_MS) / 120)
      await Promise.all(times.map((at, index) => (index % 2 === 0 ? fail(at) : succeed(at))))

      expect(await messages()).toEqual(['opened 0', 'recovered 0.5'])
      expect(await incidents()).toMatchObject([{ count: 60 }])
    })

    test('without targets has no message until a report has some', async () => {
      await fail(0, { targets: [] })
      await succeed(1)
      await fail(MINUTE_MS, { targets: [] })
      const before = await messages()
      await fail(2 * MINUTE_MS)
      await fail(3 * MINUTE_MS, { targets: [] })
      await succeed(4 * MINUTE_MS)

      expect(before).toEqual([])
      expect(await messages()).toEqual(['opened 2', 'recovered 4'])
    })

    test('that lasts a moment ends without a message, and later failures in the cool-down extend it', async () => {
      const given = { kind: 'interpreter-quarantined', subject: 'etl.py', isMoment: true } as const
      await fail(0, given)
      await fail(5 * MINUTE_MS, given)
      await fail(14 * MINUTE_MS, given)
      await context.store.incidents.end([given.kind], given.subject, START + 15 * MINUTE_MS)
      const extended = await incidents()
      await fail(24 * MINUTE_MS, given)

      expect(extended).toMatchObject([{ count: 3, endedAt: START + 14 * MINUTE_MS }])
      expect(await messages()).toEqual(['opened 0', 'opened 24'])
    })

    test('that lasts a moment has a message again after the time of repetition', async () => {
      const given = { kind: 'interpreter-quarantined', subject: 'etl.py', isMoment: true } as const
      for (let at = 0; at <= 4 * HOUR_MS; at += 5 * MINUTE_MS) await fail(at, given)

      expect(await messages()).toEqual(['opened 0', 'repeated 240'])
    })

    test('sends messages although a clock was set back by a day', async () => {
      await fail(DAY_MS)
      await fail(0)
      await succeed(MINUTE_MS)
      await fail(-DAY_MS)

      expect(await messages()).toEqual(['opened 1440', 'repeated 0', 'recovered 1', 'opened -1440'])
      expect(await incidents()).toMatchObject([{ endedAt: START + MINUTE_MS }, { openedAt: START - DAY_MS }])
    })

    test('is extended if its subject has characters that PostgreSQL does not store', async () => {
      for (const at of [0, 1]) await fail(at, { subject: 'a\0b\ud800' })

      expect(await incidents()).toMatchObject([{ count: 2 }])
    })

    test('is listed by the last failure, newest first, after a given incident', async () => {
      await fail(0, { subject: 'a' })
      await fail(1, { subject: 'b' })
      await fail(2, { subject: 'a' })
      const [first, second] = await incidents()

      expect([first?.subject, second?.subject]).toEqual(['a', 'b'])
      expect(await context.store.incidents.listIncidents({ ...FIRST_PAGE, after: first?.id ?? '' })).toEqual([second])
      expect(await context.store.incidents.listIncidents({ limit: 1, offset: 1 })).toEqual([second])
      expect(await context.store.incidents.listIncidents({ ...FIRST_PAGE, after: 'none' })).toEqual([])
    })
  })

  describe('incidents of several engines', () => {
    context.sharedTest('are one if two engines report the same failure at the same time', async () => {
      const other = await context.openAnother()
      const each = (store: Store) => Array.from({ length: 20 }, (_, index) => fail(index, {}, store))
      await Promise.all([...each(context.store), ...each(other)])

      expect(await incidents()).toMatchObject([{ count: 40, endedAt: null }])
      expect(await context.store.incidents.listAlerts(FIRST_PAGE)).toHaveLength(1)
    })

    context.sharedTest('are counted without an error if two engines report them in different orders', async () => {
      const other = await context.openAnother()
      const subjects = ['a', 'b', 'c', 'd', 'e']
      for (let round = 0; round < 20; round++) {
        const here = subjects.map((subject) => fail(round, { subject }))
        const there = [...subjects].reverse().map((subject) => fail(round, { subject }, other))
        await Promise.all([...here, ...there])
      }

      expect((await incidents()).map(({ count }) => count)).toEqual([40, 40, 40, 40, 40])
    })

    context.sharedTest('end with one message, and stay ended', async () => {
      const other = await context.openAnother()
      await fail(0)
      await Promise.all([succeed(MINUTE_MS), succeed(MINUTE_MS, other)])
      await fail(2 * MINUTE_MS, {}, other)

      expect(await messages()).toEqual(['opened 0', 'recovered 1'])
      expect(await incidents()).toMatchObject([{ count: 2, endedAt: null }])
    })
  })

  describe('a deadline', () => {
    test('is judged once, also if it was met', async () => {
      const report = incidentReport({ kind: 'deadline-missed' })
      const { incidents: store } = context.store

      expect(await store.judge('e-1', report, START)).toBe(true)
      expect(await store.judge('e-1', report, START)).toBe(false)
      expect(await store.judge('e-2', null, START)).toBe(true)
      expect(await store.judge('e-2', report, START)).toBe(false)
      expect(await incidents()).toMatchObject([{ kind: 'deadline-missed', count: 1 }])
    })

    context.sharedTest('is judged by one of two engines', async () => {
      const other = await context.openAnother()
      const report = incidentReport({ kind: 'deadline-missed' })
      const keys = Array.from({ length: 20 }, (_, index) => `e-${index}`)

      const here = keys.map((key) => context.store.incidents.judge(key, report, START))
      const there = [...keys].reverse().map((key) => other.incidents.judge(key, report, START))
      const judged = (await Promise.all([...here, ...there])).filter((isFirst) => isFirst)

      expect(judged).toHaveLength(keys.length)
      expect(await incidents()).toMatchObject([{ count: keys.length }])
    })
  })

  describe('incidents and messages', () => {
    const prune = async (retentionMs: number, at: number) => {
      const retention = { skippedMs: null, failedMs: retentionMs, endedMs: null, firingsMs: null, keysMs: null }
      for (let left = 10; left > 0; left--) await context.store.prune(retention, at)
    }

    test('are removed after the retention time of failed polls, unless they are open or pending', async () => {
      const { incidents: store } = context.store
      const delivered = { ...URL_OF_ONCALL, outcome: 'delivered', response: 'status 204', error: null } as const
      await fail(0)
      await succeed(1)
      await fail(0, { subject: 'open' })
      for (const { alert } of await store.take({ targets: [URL_OF_ONCALL], at: START + 1, limit: 9 })) {
        await store.settleDelivery(alert.id, { ...delivered, attempts: 1, endedAt: START + 1 }, null)
      }
      const pending = (await store.listAlerts(FIRST_PAGE)).filter(
        ({ deliveries: [each] }) => each?.outcome === 'pending',
      )
      await prune(2 * DAY_MS, START + 2 * DAY_MS)
      const kept = await store.listAlerts(FIRST_PAGE)
      await prune(2 * DAY_MS, START + 3 * DAY_MS)

      expect(pending).toMatchObject([{ state: 'recovered' }])
      expect(kept).toHaveLength(3)
      expect(await store.listAlerts(FIRST_PAGE)).toEqual(pending)
      expect(await incidents()).toMatchObject([{ subject: 'open', endedAt: null }])
    })

    test('are kept if failed polls are kept, and judged deadlines for at least 30 days', async () => {
      await fail(0)
      await context.store.incidents.judge('e-1', null, START)
      await context.store.prune(
        { skippedMs: 0, failedMs: null, endedMs: 0, firingsMs: 0, keysMs: null },
        START + 300 * DAY_MS,
      )
      const kept = await messages()
      await prune(DAY_MS, START + 30 * DAY_MS)
      const early = await context.store.incidents.judge('e-1', null, START)
      await prune(DAY_MS, START + 31 * DAY_MS)

      expect(kept).toEqual(['opened 0'])
      expect(early).toBe(false)
      expect(await context.store.incidents.judge('e-1', null, START)).toBe(true)
    })
  })
}

/** Store contract tests for alerts and their deliveries. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { TakenDelivery } from '../../src/engine/incidents/incident-store.ts'
import type { Store } from '../../src/engine/store.ts'
import type { AlertDelivery, DeliveryTarget } from '../../src/model/alert.ts'
import { FIRST_PAGE, incidentReport, START, sentAlert, URL_OF_ONCALL } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const COMMAND: DeliveryTarget = { receiver: 'default', to: 'command' }

const delivery = (given: Partial<AlertDelivery> = {}): AlertDelivery => ({
  ...{ ...URL_OF_ONCALL, outcome: 'delivered', attempts: 1, response: 'status 204', error: null, endedAt: START + 1 },
  ...given,
})

export function describeAlertContract(context: ContractContext): void {
  const fail = (subject: string, at = 0, targets: readonly DeliveryTarget[] = [URL_OF_ONCALL]) => {
    const { facts } = incidentReport()
    return context.store.incidents.report(
      incidentReport({ subject, facts: { ...facts, workflow: subject }, at: START + at, targets }),
    )
  }
  const take = (at = 0, targets: readonly DeliveryTarget[] = [URL_OF_ONCALL], store: Store = context.store) =>
    store.incidents.take({ targets, at: START + at, limit: 100 })
  const shown = (taken: readonly TakenDelivery[]) =>
    taken.map(({ alert: { workflow, state }, target }) => `${workflow} ${state} ${target.to}`)
  const settleAll = async (
    taken: readonly TakenDelivery[],
    given: Partial<AlertDelivery>,
    dueAt: number | null = null,
  ) => {
    for (const { alert, target } of taken) {
      await context.store.incidents.settleDelivery(alert.id, delivery({ ...target, ...given }), dueAt)
    }
  }
  const outcomes = async () => {
    const alerts = await context.store.incidents.listAlerts(FIRST_PAGE)
    return alerts.flatMap(({ deliveries }) => deliveries.map(({ outcome }) => outcome))
  }
  const end = (subject: string, at: number) => context.store.incidents.end(['execution-failed'], subject, START + at)

  describe('alerts', () => {
    test('that were sent while the database refused are listed newest first, each once', async () => {
      const { incidents } = context.store
      const database = sentAlert({ id: 'b', kind: 'database-refused', subject: null, deliveries: [delivery()] })
      await incidents.saveSent(sentAlert({ id: 'a' }), incidentReport())
      await incidents.saveSent(database, incidentReport({ kind: 'database-refused', subject: '' }))
      await incidents.saveSent(sentAlert({ id: 'a' }), incidentReport())

      expect(await incidents.listAlerts(FIRST_PAGE)).toEqual([database, sentAlert({ id: 'a' })])
      expect(await incidents.listAlerts({ limit: 1, offset: 1 })).toEqual([sentAlert({ id: 'a' })])
    })

    test('that were sent while the database refused are taken if a delivery is pending', async () => {
      const pending = delivery({ outcome: 'pending', response: null, endedAt: null, attempts: 3 })
      await context.store.incidents.saveSent(sentAlert({ deliveries: [pending] }), incidentReport())

      const { deliveries: _, ...alert } = sentAlert()
      expect(await take()).toEqual([{ alert, target: URL_OF_ONCALL, attempts: 3 }])
    })
  })

  describe('an alert that was sent while the database refused', () => {
    const report = incidentReport({ kind: 'database-refused', subject: '' })
    const alert = sentAlert({ kind: 'database-refused', subject: null })

    test('opens the incident once and without another message, and the end of the incident has a message', async () => {
      const { incidents } = context.store
      for (let times = 0; times < 2; times += 1) await incidents.saveSent(alert, report)
      const opened = await incidents.listIncidents(FIRST_PAGE)
      await incidents.end(['database-refused'], '', START + 1_000)

      expect(opened).toMatchObject([{ kind: 'database-refused', subject: '', count: 1, endedAt: null }])
      const alerts = await incidents.listAlerts(FIRST_PAGE)
      expect(alerts.map(({ state }) => state)).toEqual(['recovered', 'opened'])
    })

    test('extends an open incident', async () => {
      const { incidents } = context.store
      await incidents.saveSent(alert, report)
      await incidents.saveSent({ ...alert, id: 'a-2' }, { ...report, at: START + 1_000 })

      expect(await incidents.listIncidents(FIRST_PAGE)).toMatchObject([{ count: 2, lastAt: START + 1_000 }])
      expect(await incidents.listAlerts(FIRST_PAGE)).toHaveLength(2)
    })
  })

  describe('deliveries of incident messages', () => {
    test('are taken oldest first, at most as many as the limit, and only for the given targets', async () => {
      for (const subject of ['a', 'b', 'c']) await fail(subject, 0, [URL_OF_ONCALL, COMMAND])

      const first = await context.store.incidents.take({ targets: [URL_OF_ONCALL], at: START, limit: 2 })
      expect(shown(first)).toEqual(['a opened url', 'b opened url'])
      expect(shown(await take())).toEqual(['c opened url'])
      expect(await take(0, [])).toEqual([])
      expect(await take(0, [{ receiver: 'default', to: 'url' }])).toEqual([])
      expect(await take(0, [COMMAND])).toHaveLength(3)
    })

    test('that are taken and not settled, as after a kill, are taken again after a minute', async () => {
      await fail('a')
      const [first] = await take()

      expect(await take(MINUTE_MS - 1)).toEqual([])
      expect(await take(MINUTE_MS)).toEqual([first])
    })

    test('are taken again at the time that their settlement sets, with the number of attempts', async () => {
      await fail('a')
      const pending = { outcome: 'pending', response: 'status 500', error: 'status 500', endedAt: null } as const
      await settleAll(await take(), pending, START + 5_000)

      expect(await take(4_999)).toEqual([])
      expect(await take(5_000)).toMatchObject([{ attempts: 1 }])
      expect(await context.store.incidents.listAlerts(FIRST_PAGE)).toMatchObject([
        { deliveries: [{ outcome: 'pending', attempts: 1, response: 'status 500', error: 'status 500' }] },
      ])
    })

    test('are not taken again after they were delivered or failed, whatever a former attempt reports', async () => {
      await fail('a')
      await fail('b')
      const taken = await take()
      await settleAll(taken.slice(0, 1), {})
      await settleAll(taken.slice(1), { outcome: 'failed', response: null, error: 'refused' })
      await settleAll(taken, { outcome: 'pending', endedAt: null }, START)

      expect(await take(HOUR_MS)).toEqual([])
      expect(await outcomes()).toEqual(['failed', 'delivered'])
    })

    test('to one target are taken in order in each incident, and other targets and incidents do not wait', async () => {
      await fail('a', 0, [URL_OF_ONCALL, COMMAND])
      await end('a', 1)
      await fail('b', 2)
      const both = [URL_OF_ONCALL, COMMAND]
      const first = await take(3, both)
      const commands = first.filter(({ target }) => target.to === 'command')
      await settleAll(commands, {})

      expect(shown(first).sort()).toEqual(['a opened command', 'a opened url', 'b opened url'])
      expect(shown(await take(4, both))).toEqual(['a recovered command'])
      await settleAll(first, { outcome: 'failed', error: 'no' })
      expect(shown(await take(5, both))).toEqual(['a recovered url'])
    })

    test('are due if a clock was set back by more than the longest wait, and otherwise keep their time', async () => {
      await fail('a', DAY_MS)
      await fail('b', 0)
      const taken = await take(0)
      await settleAll(
        taken.filter(({ alert }) => alert.workflow === 'b'),
        { outcome: 'pending' },
        START + 600_000,
      )

      expect(shown(taken)).toEqual(['a opened url', 'b opened url'])
      expect(await take(-1_000)).toEqual([])
      expect(shown(await take(-2 * HOUR_MS))).toEqual(['a opened url', 'b opened url'])
    })

    test('fail 24 h after their message, with the last error, although they were tried until then', async () => {
      await fail('a')
      const pending = { outcome: 'pending', attempts: 1, error: 'status 500', endedAt: null } as const
      await settleAll(await take(), pending, START + 10 * MINUTE_MS)
      const last = await take(DAY_MS - 1)
      await settleAll(last, { ...pending, attempts: 2 }, START + DAY_MS + MINUTE_MS)

      expect(last).toHaveLength(1)
      expect(await take(DAY_MS + MINUTE_MS)).toEqual([])
      expect(await context.store.incidents.listAlerts(FIRST_PAGE)).toMatchObject([
        {
          deliveries: [
            {
              ...{ outcome: 'failed', attempts: 2, endedAt: START + DAY_MS + MINUTE_MS },
              error: 'not delivered within 24 h: status 500',
            },
          ],
        },
      ])
    })

    test('have 24 h and the time by which the clock was set forward since their message', async () => {
      await fail('a')
      await fail('b', DAY_MS + 1)
      const late = (at: number) =>
        context.store.incidents.take({
          ...{ targets: [URL_OF_ONCALL], at: START + at, limit: 100 },
          setForward: { beforeAt: START, byMs: DAY_MS },
        })

      const first = await late(2 * DAY_MS - 1)
      const second = await late(2 * DAY_MS + MINUTE_MS)

      expect([shown(first), shown(second)]).toEqual([['a opened url', 'b opened url'], []])
      expect(await outcomes()).toEqual(['failed', 'failed'])
    })

    test('are looked for without a write while none is due', async () => {
      await fail('blocked')
      await end('blocked', 1)
      await settleAll(await take(1), { outcome: 'pending' }, START + 5 * MINUTE_MS)
      await fail('removed', 0, [{ receiver: 'removed', to: 'url' }])
      const { write, accept } = context.store.counters.commits
      const before = write.steps + accept.steps

      for (let second = 2; second < 12; second++) expect(await take(second * 1_000)).toEqual([])
      const after = write.steps + accept.steps
      expect(await take(5 * MINUTE_MS)).toHaveLength(1)

      expect(after - before).toBe(0)
      expect(write.steps + accept.steps - after).toBe(1)
    })

    test('to a receiver that no engine has fail after 24 h', async () => {
      await fail('a', 0, [{ receiver: 'removed', to: 'url' }])

      await take(DAY_MS - 1)
      expect(await outcomes()).toEqual(['pending'])
      await take(DAY_MS)
      expect(await context.store.incidents.listAlerts(FIRST_PAGE)).toMatchObject([
        { deliveries: [{ outcome: 'failed', error: 'not delivered within 24 h: no attempt ended' }] },
      ])
    })

    context.sharedTest('are each taken by one of two engines', async () => {
      const other = await context.openAnother()
      for (let index = 0; index < 40; index++) await fail(`w-${index}`)

      const takes = Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? context.store : other).incidents.take({ targets: [URL_OF_ONCALL], at: START, limit: 8 }),
      )
      const taken = (await Promise.all(takes)).flat().map(({ alert }) => alert.id)
      taken.push(...(await take()).map(({ alert }) => alert.id))

      expect(taken).toHaveLength(40)
      expect(new Set(taken).size).toBe(40)
    })

    context.sharedTest('are settled by another engine than the one that took them', async () => {
      const other = await context.openAnother()
      await fail('a')
      const [{ alert } = { alert: { id: '' } }] = await take()
      await other.incidents.settleDelivery(alert.id, delivery(), null)

      expect(await outcomes()).toEqual(['delivered'])
      expect(await take(HOUR_MS, [URL_OF_ONCALL], other)).toEqual([])
    })
  })
}

/** Store contract tests for the incidents of engines that were lost. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import type { LostEngine } from '../../src/engine/store-ports.ts'
import { acquiredExecution, OWNER } from './acquired-execution.ts'
import { alertFacts, FIRST_PAGE, incidentReport, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const OTHER = '22222222-2222-4222-8222-222222222222'
const DEAD_AFTER_MS = 10_000
const HEARTBEAT_MS = 3_000

export function describeLostEngineContract(context: ContractContext): void {
  describe('a lost engine', () => {
    const reportLost = ({ id, host, pid, heartbeatAt }: LostEngine) => {
      const message = `Engine "${id}" on ${host} (process ${pid}) sent no heartbeat since ${heartbeatAt - START}.`
      const facts = alertFacts({ subject: id, message, workflow: null, executionId: null })
      return incidentReport({ kind: 'engine-lost', subject: id, isMoment: true, facts, at: context.clock.now() })
    }
    const open = (id: string, store = context.store) => store.openInstance(id, context.clock.now(), reportLost)
    /** Advances the clock while only these engines send heartbeats. */
    const pass = async (ms: number, beating: readonly (readonly [string, Store])[]) => {
      for (let leftMs = ms; leftMs > 0; leftMs -= HEARTBEAT_MS) {
        await context.clock.advance(Math.min(leftMs, HEARTBEAT_MS))
        await Promise.all(beating.map(([id, store]) => store.heartbeat(id, context.clock.now())))
      }
    }
    const lost = async () => {
      const alerts = await context.store.incidents.listAlerts(FIRST_PAGE)
      return alerts.map(({ subject }) => subject)
    }
    const recover = (instanceId: string, store = context.store) =>
      store.acquireExecutions({ instanceId, workflows: ['ingest'], at: context.clock.now(), limit: 9, recover: true })

    test('is reported once, by the heartbeats of another engine', async () => {
      await open(OWNER)
      await open(OTHER)
      await pass(DEAD_AFTER_MS - 1_000, [[OTHER, context.store]])
      const before = await lost()
      await pass(DEAD_AFTER_MS * 2, [[OTHER, context.store]])

      expect(before).toEqual([])
      expect(await context.store.incidents.listAlerts(FIRST_PAGE)).toMatchObject([
        { kind: 'engine-lost', state: 'opened', subject: OWNER, message: expect.stringMatching(/ since 0\.$/) },
      ])
      expect(await context.store.incidents.listIncidents(FIRST_PAGE)).toMatchObject([
        { kind: 'engine-lost', subject: OWNER, count: 1, endedAt: expect.any(Number) },
      ])
    })

    test('is reported by the acquisition that removes it', async () => {
      await acquiredExecution(context.store)
      await open(OTHER)
      await context.clock.advance(HEARTBEAT_MS)
      await context.store.heartbeat(OTHER, context.clock.now())
      for (let left = 0; left < 4; left++) {
        await context.clock.advance(HEARTBEAT_MS)
        await Promise.all([recover(OTHER), context.store.heartbeat(OTHER, context.clock.now())])
      }
      await recover(OTHER)

      expect(await lost()).toEqual([OWNER])
      const instances = await context.store.listInstances(context.clock.now())
      expect(instances.map(({ id }) => id)).toEqual([OTHER])
    })

    test('is not reported if it was closed in order', async () => {
      await open(OWNER)
      await open(OTHER)
      await context.store.closeInstance(OWNER, START)
      await pass(DEAD_AFTER_MS * 2, [[OTHER, context.store]])
      await recover(OTHER)

      expect(await lost()).toEqual([])
    })

    test('is not reported by engines that registered without a report', async () => {
      await context.store.openInstance(OWNER, START)
      await context.store.openInstance(OTHER, START)
      await pass(DEAD_AFTER_MS * 2, [[OTHER, context.store]])
      await recover(OTHER)

      expect(await lost()).toEqual([])
    })

    test('is reported again if it came back and was lost a second time', async () => {
      await open(OWNER)
      await open(OTHER)
      await pass(DEAD_AFTER_MS * 2, [[OTHER, context.store]])
      expect(await context.store.heartbeat(OWNER, context.clock.now())).toMatchObject({ wasDead: true })
      await pass(DEAD_AFTER_MS * 2, [[OTHER, context.store]])

      expect(await context.store.incidents.listIncidents(FIRST_PAGE)).toMatchObject([{ subject: OWNER, count: 2 }])
    })

    context.sharedTest('is reported once if two engines detect it at the same time', async () => {
      const third = '33333333-3333-4333-8333-333333333333'
      const other = await context.openAnother()
      await open(OWNER)
      await open(OTHER)
      await open(third, other)
      await pass(DEAD_AFTER_MS * 2, [
        [OTHER, context.store],
        [third, other],
      ])
      await Promise.all([recover(OTHER), recover(third, other)])

      expect(await lost()).toEqual([OWNER])
      expect(await context.store.incidents.listIncidents(FIRST_PAGE)).toMatchObject([{ count: 1 }])
    })
  })
}

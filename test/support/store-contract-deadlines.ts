/**
 * Store contract tests for missed deadlines that are judged in the step that stores an end. Called by
 * `describeStoreContract`.
 */

import { describe, expect, test } from 'vitest'
import type { MissedDeadline } from '../../src/engine/incidents/incident-report.ts'
import type { Execution } from '../../src/model/execution.ts'
import { acquireAgain, acquiredExecution } from './acquired-execution.ts'
import {
  change,
  completed,
  FIRST_PAGE,
  incidentReport,
  newAction,
  newExecution,
  START,
  settlement,
} from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const KEY = 'deadline of it'
const MISSED: MissedDeadline = { key: KEY, report: incidentReport({ kind: 'deadline-missed', at: START + 5 }) }
const COMPLETED = { status: 'Completed', endedAt: START + 5, finalText: '{}', errorMessage: null } as const
const CANCEL = { kind: 'cancel', waits: false, reason: 'cancelled', at: START } as const

export function describeDeadlineContract(context: ContractContext): void {
  /** Messages, oldest first: `deadline-missed opened`. */
  const messages = async () => {
    const alerts = await context.store.incidents.listAlerts(FIRST_PAGE)
    return alerts.map(({ kind, state }) => `${kind} ${state}`).reverse()
  }
  const incidents = async () => {
    const listed = await context.store.incidents.listIncidents(FIRST_PAGE)
    return listed.map(({ kind, count, endedAt }) => `${kind} ${count} ${endedAt === null ? 'open' : 'ended'}`)
  }
  /** Returns whether a deadline has not been judged. Judges it. */
  const isNew = (key: string) => context.store.incidents.judge(key, null, START)

  describe('a missed deadline in a settlement', () => {
    test('is judged before the end that the settlement stores', async () => {
      const { id } = await acquiredExecution(context.store)

      await context.store.settle(settlement(id, { changes: [completed('only')], end: COMPLETED, missed: [MISSED] }))

      expect(await messages()).toEqual(['deadline-missed opened', 'deadline-missed recovered'])
      expect(await isNew(KEY)).toBe(false)
    })

    test('opens an incident next to that of a failed execution', async () => {
      const { id } = await acquiredExecution(context.store)
      const failed = change('only', { status: 'Failed', endedAt: START + 5, finishedOrder: 1 })
      const report = incidentReport({ at: START + 5 })
      const end = { ...COMPLETED, status: 'Failed', errorMessage: 'no', report } as const

      await context.store.settle(settlement(id, { changes: [failed], end, missed: [MISSED] }))

      expect(await messages()).toEqual(['deadline-missed opened', 'execution-failed opened'])
    })

    test('opens no incident if it was judged before, and several of one step are judged once each', async () => {
      const { id } = await acquiredExecution(context.store)
      await context.store.incidents.judge(KEY, MISSED.report, START)
      const other = { ...MISSED, key: 'deadline of it task' }

      await context.store.settle(settlement(id, { changes: [change('only')], missed: [MISSED, other, other] }))

      expect(await incidents()).toEqual(['deadline-missed 2 open'])
    })

    test('is not judged if the settlement is rejected or fails, also after the incident was opened', async () => {
      const { id } = await acquiredExecution(context.store)
      const unknownTask = settlement(id, { changes: [completed('none')], end: COMPLETED, missed: [MISSED] })
      await expect(context.store.settle(unknownTask)).rejects.toMatchObject({ code: 'EXECUTION_NOT_OWNED' })
      await context.store.settle(settlement(id, { givenBack: 'unserved' }))
      await acquireAgain(context.store, id)
      const formerOwner = settlement(id, { changes: [completed('only')], end: COMPLETED, missed: [MISSED] })
      await expect(context.store.settle(formerOwner)).rejects.toMatchObject({ code: 'EXECUTION_NOT_OWNED' })

      expect(await incidents()).toEqual([])
      expect(await isNew(KEY)).toBe(true)
    })
  })

  describe('a missed deadline of an execution without an owner', () => {
    async function pending(): Promise<string> {
      const execution = newExecution()
      await context.store.createExecution(execution, { kind: 'call' }, START)
      return execution.id
    }
    const judging = (seen: Execution[]) => (execution: Execution) => {
      seen.push(execution)
      return [MISSED]
    }
    const cancel = (target: string, seen: Execution[]) =>
      context.store.steer(
        newAction({ id: `cancel of ${target}`, kind: 'cancel', target, at: START + 5 }),
        { ...CANCEL, actionIds: [`cancel of ${target}`] },
        judging(seen),
      )

    test('is judged in the step of the cancel that ends the execution', async () => {
      const id = await pending()
      const seen: Execution[] = []

      expect(await cancel(id, seen)).toMatchObject({ kind: 'applied', cancelled: { endedAt: START + 5 } })

      expect(seen).toMatchObject([{ id, status: 'Pending', createdAt: START, tasks: [{ status: 'NotStarted' }] }])
      expect(await messages()).toEqual(['deadline-missed opened'])
      expect(await isNew(KEY)).toBe(false)
    })

    test('is judged when a waiting cancel is applied after its owner released the execution', async () => {
      const { id } = await acquiredExecution(context.store)
      const seen: Execution[] = []
      await cancel(id, seen)
      await context.store.settle(settlement(id, { givenBack: 'unserved' }))
      const before = [...seen]

      expect(await context.store.applyRequest(id, START + 9, judging(seen))).toMatchObject({ kind: 'applied' })

      expect(before).toEqual([])
      expect(seen).toHaveLength(1)
      expect(await messages()).toEqual(['deadline-missed opened'])
    })

    test('is not judged by a pause', async () => {
      const id = await pending()
      const seen: Execution[] = []
      const action = newAction({ id: 'a-1', kind: 'pause', target: id })

      await context.store.steer(action, { ...CANCEL, kind: 'pause', actionIds: ['a-1'] }, judging(seen))

      expect(seen).toEqual([])
    })
  })
}

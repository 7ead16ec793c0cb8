/** Store contract tests for new executions of workflows, and urgent incidents. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import { change, completed, incidentReport, newExecution, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const ME = '11111111-1111-4111-8111-111111111111'

export function describeRecentContract(context: ContractContext): void {
  const create = async (workflow: string, at: number): Promise<string> => {
    const execution = newExecution({ workflow })
    await context.store.createExecution(execution, { kind: 'call' }, at)
    return execution.id
  }
  const run = async (workflow: string, at: number, status: 'Completed' | 'Failed' = 'Completed'): Promise<string> => {
    const id = await create(workflow, at)
    await context.store.openInstance(ME, START)
    const acquisition = { instanceId: ME, workflows: [workflow], at: at + 1, limit: 1, recover: false }
    await context.store.acquireExecutions({ ...acquisition, executionIds: [id] })
    const task =
      status === 'Completed'
        ? completed('only', { startedAt: at + 2, endedAt: at + 8 })
        : change('only', { status, attempts: 2, startedAt: at + 2, endedAt: at + 8 })
    const end = { status, endedAt: at + 9, finalText: '{}', errorMessage: null }
    await context.store.settle(settlement(id, { changes: [task], end }))
    return id
  }

  describe('the newest executions of workflows', () => {
    test('are listed for each workflow, newest first, active and ended, up to a limit', async () => {
      await run('ingest', START)
      const failed = await run('ingest', START + 100, 'Failed')
      const pending = await create('ingest', START + 200)
      const report = await run('report', START + 50)
      await run('other', START + 300)

      const recent = await context.store.history.recent(['ingest', 'report', 'nobody'], 2)

      expect([...recent.keys()]).toEqual(['ingest', 'report'])
      expect(recent.get('ingest')).toEqual([
        { id: pending, status: 'Pending', createdAt: START + 200, startedAt: null, endedAt: null },
        { id: failed, status: 'Failed', createdAt: START + 100, startedAt: START + 1 + 100, endedAt: START + 109 },
      ])
      expect(recent.get('report')).toMatchObject([{ id: report, status: 'Completed' }])
    })

    test('have the order of their creation if they were created at the same time', async () => {
      const ids = [await run('ingest', START), await run('ingest', START), await create('ingest', START)]

      const recent = await context.store.history.recent(['ingest'], 9)

      expect(recent.get('ingest')?.map(({ id }) => id)).toEqual(ids.toReversed())
    })

    test('are listed for more workflows than one step reads', async () => {
      const names = Array.from({ length: 45 }, (_, index) => `workflow ${index}`)
      for (const name of names) await create(name, START)
      const ended = await run('workflow 44', START - 100)

      const recent = await context.store.history.recent(names, 2)

      expect(recent.size).toBe(45)
      expect(recent.get('workflow 44')?.at(-1)?.id).toBe(ended)
    })

    test('have no entries if no workflows are given', async () => {
      await run('ingest', START)

      expect((await context.store.history.recent([], 5)).size).toBe(0)
    })

    test('are listed with the states of their tasks', async () => {
      await run('ingest', START)
      const failed = await run('ingest', START + 100, 'Failed')
      const pending = await create('ingest', START + 200)
      await run('report', START + 300)

      const executions = await context.store.history.withTasks('ingest', 2)

      expect(executions.map(({ id, status }) => [id, status])).toEqual([
        [pending, 'Pending'],
        [failed, 'Failed'],
      ])
      expect(executions.map(({ tasks }) => tasks)).toEqual([
        [{ taskId: 'only', status: 'NotStarted', attempts: 0, startedAt: null, endedAt: null }],
        [{ taskId: 'only', status: 'Failed', attempts: 2, startedAt: START + 102, endedAt: START + 108 }],
      ])
      expect(await context.store.history.withTasks('nobody', 2)).toEqual([])
    })
  })

  describe('urgent incidents', () => {
    const report = (at: number, given: Parameters<typeof incidentReport>[0] = {}) =>
      context.store.incidents.report(incidentReport({ at: START + at, ...given }))

    test('are the open ones of all kinds, and the ended ones of some kinds since a time', async () => {
      await report(0, { kind: 'trigger-silent', subject: 'inbox' })
      await report(1, { kind: 'engine-lost', subject: 'before', isMoment: true })
      await report(5, { kind: 'engine-lost', subject: 'after', isMoment: true })
      await report(6, { kind: 'approval-requested', subject: 'another kind', isMoment: true })
      await report(7, { subject: 'ended' })
      await context.store.incidents.end(['execution-failed'], 'ended', START + 8)
      await report(9, { subject: 'ingest' })

      const urgent = await context.store.incidents.listUrgent(['engine-lost'], START + 5, 10)

      expect(urgent.map(({ subject }) => subject)).toEqual(['ingest', 'after', 'inbox'])
      expect(urgent[0]).toMatchObject({ endedAt: null, count: 1, facts: incidentReport().facts })
    })

    test('are at most the limit of each group, the newest ones', async () => {
      for (const at of [1, 2, 3]) {
        await report(at, { subject: `open ${at}` })
        await report(at, { kind: 'engine-lost', subject: `lost ${at}`, isMoment: true })
      }

      const urgent = await context.store.incidents.listUrgent(['engine-lost'], START, 2)

      expect(urgent.map(({ subject }) => subject).sort()).toEqual(['lost 2', 'lost 3', 'open 2', 'open 3'])
    })
  })
}

/** Tasks and executions that wait for a limit which newer code does not give to them. */

import { expect, it } from 'vitest'
import type { WorkflowDefinition } from '../../../src/model/workflow.ts'
import { limit, workflow } from '../../support/declared.ts'
import { RunningEngine } from '../../support/running-engine.ts'

const LIMITS = [limit('crm', { maxActive: 1 }), limit('erp', { maxActive: 1 })]
const CLOSED_SYNC: WorkflowDefinition = {
  ...workflow('sync', { work: {} }),
  limit: { maxActive: 1, per: 'customer', overflow: 'queue' },
}

/** Starts an engine in which an execution waits for a closed limit. */
async function withWaiting(waiting: WorkflowDefinition, closed: string, inputText = '{}'): Promise<RunningEngine> {
  const running = await RunningEngine.start({ workflows: [waiting], limits: LIMITS })
  await running.clock.advance(100)
  expect(await running.store.limits.close({ name: closed, value: null }, null, running.clock.now())).toBe(true)
  await running.engine.submit(waiting.key, inputText)
  await running.clock.advance(3_000)
  expect(running.host.runs).toEqual([])
  expect(running.engine.health.gauges().activeExecutions).toBe(0)
  return running
}

/** Loads newer code of the workflow. */
async function load({ registry, clock }: RunningEngine, newer: WorkflowDefinition): Promise<void> {
  registry.replaceScript(newer.script, { triggers: [], workflows: [newer], limits: LIMITS })
  await clock.advance(3_000)
}

it('a task leaves the line of its limit when newer code has no limit for it', async () => {
  await using running = await withWaiting(workflow('push', { push: { limits: ['crm'] } }), 'crm')

  await load(running, workflow('push', { push: {} }))

  expect(await running.store.countExecutions()).toEqual({ Completed: 1 })
  expect(await running.store.limits.get('crm')).toMatchObject({ used: 0, waiting: 0 })
})

it('a task changes to the line of the limit that newer code gives to it', async () => {
  await using running = await withWaiting(workflow('push', { push: { limits: ['crm'] } }), 'crm')
  await running.store.limits.close({ name: 'erp', value: null }, null, running.clock.now())

  await load(running, workflow('push', { push: { limits: ['erp'] } }))

  expect(await running.store.limits.get('crm')).toMatchObject({ waiting: 0 })
  expect(await running.store.limits.get('erp')).toMatchObject({ waiting: 1 })
  await running.engine.services.limits.open('erp', { source: 'node' })
  await running.clock.advance(1_000)
  expect(await running.store.countExecutions()).toEqual({ Completed: 1 })
})

it('a task stays in the line of its limit when newer code gives it a second one', async () => {
  await using running = await withWaiting(workflow('push', { push: { limits: ['crm'] } }), 'crm')

  await load(running, workflow('push', { push: { limits: ['crm', 'erp'] } }))

  expect(await running.store.limits.get('crm')).toMatchObject({ waiting: 1 })
  expect(running.host.runs).toEqual([])
  await running.engine.services.limits.open('crm', { source: 'node' })
  await running.clock.advance(2_000)
  expect(await running.store.countExecutions()).toEqual({ Completed: 1 })
})

it('a pending execution begins when newer code has no limit for its workflow', async () => {
  await using running = await withWaiting(CLOSED_SYNC, 'workflow:sync', '{"customer":"acme"}')

  await load(running, workflow('sync', { work: {} }))

  expect(await running.store.countExecutions()).toEqual({ Completed: 1 })
})

it('a pending execution keeps waiting when newer code has another maximum for its workflow', async () => {
  await using running = await withWaiting(CLOSED_SYNC, 'workflow:sync', '{"customer":"acme"}')

  await load(running, { ...CLOSED_SYNC, limit: { maxActive: 5, per: 'customer', overflow: 'queue' } })

  expect(await running.store.countExecutions()).toEqual({ Pending: 1 })
})

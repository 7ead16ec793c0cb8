/** Rows of each kind in a database, with unique names and ids, for requests to routes. Needs no Python. */

import { randomUUID } from 'node:crypto'
import type { Store } from '../../src/engine/store.ts'
import { newBackfill, newRefire } from './batch-builders.ts'
import { workflow as workflowOf } from './declared.ts'
import { declared, FedSource, graph, reactor, source, subscription } from './graph-builders.ts'
import {
  change,
  declaration,
  firedTick,
  incidentReport,
  newAction,
  newCron,
  newExecution,
  settlement,
} from './store-builders.ts'

/** Values of path parameters, by name. */
export type RouteIds = Readonly<Record<string, string>>

/** Stores an execution that waits for an approval without a form. Returns the ids of both. */
export async function openApproval(store: Store, workflow: string): Promise<{ id: string; executionId: string }> {
  const at = Date.now()
  const [instanceId, id] = [randomUUID(), randomUUID()]
  const execution = newExecution({ workflow, tasks: ['ok'] })
  await store.openInstance(instanceId, at)
  await store.createExecution(execution, { kind: 'call' }, at)
  const [recover, executionIds] = [false, [execution.id]]
  await store.acquireExecutions({ instanceId, workflows: [workflow], at, limit: 1, recover, executionIds })
  const wait = { kind: 'approval', openedAt: at, deadlineAt: null, approvalId: id, title: 'Pay?', form: null } as const
  const changes = [change('ok', { status: 'Waiting', startedAt: at, wait })]
  await store.settle(settlement(execution.id, { changes, givenBack: 'waiting' }))
  await store.closeInstance(instanceId, at)
  return { id, executionId: execution.id }
}

/** Stores rows, and returns path parameters for them, one set for each kind of row. */
export async function addRows(store: Store, owner: string): Promise<readonly RouteIds[]> {
  const at = Date.now()
  const names = {
    trigger: `${owner} trigger`,
    workflow: `${owner} workflow`,
    source: `${owner} source`,
    reactor: `${owner} reactor`,
    graph: `${owner} graph`,
    limit: `${owner}-limit`,
  }
  const { trigger, workflow } = names
  const execution = newExecution({ workflow })
  const cron = newCron({ workflow, instanceName: `${owner} schedule` })
  const subscribed = subscription({ reactor: names.reactor, workflow })
  await store.saveWorkflows([workflowOf(workflow, {})], at)
  await store.saveTriggers([declaration({ name: trigger, workflow, initialStateText: '{}' })], at)
  await store.createExecution(execution, { kind: 'call' }, at)
  await store.recordFired(firedTick({ trigger, at, execution: newExecution({ workflow }) }))
  await store.createCron(cron)
  const parts = {
    sources: [source(names.source)],
    reactors: [reactor(names.reactor, [names.source])],
    graphs: [graph(names.graph, names.reactor)],
  }
  const fed = await FedSource.open({ store } as never, declared(parts), names.source)
  const { firings } = await fed.feed(['1'], { graphs: [] })
  await store.graphs.subscribe(subscribed)
  await store.incidents.report(incidentReport({ subject: workflow, at }))
  const backfill = newBackfill(cron.id, { workflow })
  const refire = newRefire({ trigger, workflow })
  for (const batch of [backfill, refire]) await store.batches.create(batch, newAction())
  const approval = await openApproval(store, workflow)
  await declareLimit(store, names.limit, at)
  const [tick] = await store.listTicks(trigger, { limit: 1, offset: 0 })
  const rest = { schedule: cron.id, task: 'only', sequence: '1' }
  return [
    { ...rest, name: names.trigger, id: tick?.id ?? '' },
    { ...rest, name: names.workflow, id: execution.id },
    { ...rest, name: names.source, id: subscribed.id },
    { ...rest, name: names.reactor, id: firings[0]?.id ?? '' },
    { ...rest, name: names.graph, id: cron.id },
    { ...rest, name: names.trigger, id: backfill.id },
    { ...rest, name: names.trigger, id: refire.id },
    { ...rest, name: names.workflow, id: approval.id },
    { ...rest, name: names.limit, id: execution.id },
  ]
}

async function declareLimit(store: Store, name: string, at: number): Promise<void> {
  const instanceId = randomUUID()
  const limit = { name, maxActive: 2, rate: null, per: 'tenant', script: 'crm.py', place: null }
  await store.openInstance(instanceId, at)
  await store.limits.declare(instanceId, [limit], at)
  await store.closeInstance(instanceId, at)
}

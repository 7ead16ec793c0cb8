/** One row of each kind in a database, with names and ids of its own, and requests for them. Needs no Python. */

import type { Store } from '../../src/engine/ports.ts'
import { workflow as workflowOf } from './declared.ts'
import { declared, FedSource, graph, reactor, source, subscription } from './graph-builders.ts'
import { declaration, firedTick, newCron, newExecution } from './store-builders.ts'

/** Values of the parameters in paths, by their names. */
export type RouteIds = Readonly<Record<string, string>>

/** Stores rows. Returns the parameters that lead to them: each of the sets has ids of one kind. */
export async function addRows(store: Store, owner: string): Promise<readonly RouteIds[]> {
  const at = Date.now()
  const names = {
    trigger: `${owner} trigger`,
    workflow: `${owner} workflow`,
    source: `${owner} source`,
    reactor: `${owner} reactor`,
    graph: `${owner} graph`,
  }
  const { trigger, workflow } = names
  const execution = newExecution({ workflow })
  const cron = newCron({ workflow, instanceName: `${owner} schedule` })
  const subscribed = subscription({ reactor: names.reactor, workflow })
  await store.saveWorkflows([workflowOf(workflow, {})], at)
  await store.saveTriggers([declaration({ name: trigger, workflow })], at)
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
  const [tick] = await store.listTicks(trigger, { limit: 1, offset: 0 })
  const rest = { schedule: cron.id, task: 'only', sequence: '1' }
  return [
    { ...rest, name: names.trigger, id: tick?.id ?? '' },
    { ...rest, name: names.workflow, id: execution.id },
    { ...rest, name: names.source, id: subscribed.id },
    { ...rest, name: names.reactor, id: firings[0]?.id ?? '' },
    { ...rest, name: names.graph, id: cron.id },
  ]
}

/** What a script may ask of a runner that it opened about sources and reactors. See `calls.ts`. */

import * as v from 'valibot'
import { subscriptionDict } from './dicts.ts'
import { call, PYTHON, type RunnerCall } from './runner-call.ts'

const names = { reactor: v.string(), workflow: v.string(), tenant: v.string() }

export const GRAPH_CALLS: Readonly<Record<string, RunnerCall>> = {
  'runner.push': call(
    'Failed to push event: ',
    { source: v.string(), timeoutS: v.nullable(v.number()) },
    async (engine, { source, timeoutS }, { contextText }) => {
      const timeoutMs = timeoutS === null ? undefined : timeoutS * 1_000
      return { value: { sequence: await engine.graphs.push(source, contextText, timeoutMs) } }
    },
  ),
  'runner.subscribe': call(
    'Failed to subscribe workflow to reactor: ',
    { ...names, when: v.nullable(v.string()) },
    async (engine, { when, reactor, workflow, tenant }) => ({
      value: await engine.graphs.subscribe({ reactor, workflow, tenant }, when, PYTHON),
    }),
  ),
  'runner.unsubscribe': call(
    'Failed to unsubscribe workflow from reactor: ',
    names,
    async (engine, { reactor, workflow, tenant }) => ({
      value: await engine.graphs.unsubscribe({ reactor, workflow, tenant }, PYTHON),
    }),
  ),
  'runner.subscriptions': call(
    'Failed to list reactor subscriptions: ',
    { tenant: v.string() },
    async (engine, { tenant }) => ({
      value: (await engine.graphs.listSubscriptions({ tenant, enabledOnly: true })).map(subscriptionDict),
    }),
  ),
}

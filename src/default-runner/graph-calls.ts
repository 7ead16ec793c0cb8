/** Methods of a script's runner for sources and reactors. See `calls.ts`. */

import * as v from 'valibot'
import { subscriptionDict } from './dicts.ts'
import { PYTHON_ACTION, type RunnerCall, runnerCall } from './runner-call.ts'

const names = { reactor: v.string(), workflow: v.string(), tenant: v.string() }

export const GRAPH_CALLS: Readonly<Record<string, RunnerCall>> = {
  'runner.push': runnerCall(
    'Failed to push event: ',
    { source: v.string(), timeoutS: v.nullable(v.number()) },
    async (engine, { source, timeoutS }, { contextText }) => {
      const options = timeoutS === null ? {} : { timeoutMs: timeoutS * 1_000 }
      return { value: { sequence: await engine.services.sources.pushText(source, contextText, options) } }
    },
  ),
  'runner.subscribe': runnerCall(
    'Failed to subscribe workflow to reactor: ',
    { ...names, when: v.nullable(v.string()) },
    async (engine, { when, reactor, workflow, tenant }) => {
      const options = { ...PYTHON_ACTION, tenant, when, allowMissing: true }
      return { value: await engine.services.reactors.subscribe(reactor, workflow, options) }
    },
  ),
  'runner.unsubscribe': runnerCall(
    'Failed to unsubscribe workflow from reactor: ',
    names,
    async (engine, { reactor, workflow, tenant }) => ({
      value: await engine.services.reactors.unsubscribe(reactor, workflow, { ...PYTHON_ACTION, tenant }),
    }),
  ),
  'runner.subscriptions': runnerCall(
    'Failed to list reactor subscriptions: ',
    { tenant: v.string() },
    async (engine, { tenant }) => ({
      value: (await engine.services.reactors.subscriptions({ tenant, enabledOnly: true })).map(subscriptionDict),
    }),
  ),
}

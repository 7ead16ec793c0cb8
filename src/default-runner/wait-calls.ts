/** Methods of a script's runner for nodes that wait. See `calls.ts`. */

import * as v from 'valibot'
import { PYTHON_ACTION, type RunnerCall, runnerCall } from './runner-call.ts'

export const WAIT_CALLS: Readonly<Record<string, RunnerCall>> = {
  'runner.signal': runnerCall(
    'Failed to send signal: ',
    { name: v.string(), key: v.string(), id: v.nullable(v.string()) },
    async (engine, { name, key, id }, { contextText }) => {
      const options = { ...PYTHON_ACTION, key, payloadText: contextText, ...(id !== null && { id }) }
      const { id: signalId, state, executions } = await engine.services.signals.send(name, options)
      return { value: { id: signalId, state, executions } }
    },
  ),
}

/** Running executions in an engine of a test, and the options of the requests that steer them. */

import type { ActionOptions } from '../../src/engine/services/action-service.ts'
import type { Execution } from '../../src/model/execution.ts'
import { workflow } from './declared.ts'
import { settle } from './manual-clock.ts'
import { FIRST_PAGE, type RunningEngine } from './running-engine.ts'

export const ACTOR: ActionOptions = { source: 'node' }
/** Options of a request that does not wait for the answer of another engine. */
export const AT_ONCE = { ...ACTOR, answerWithinMs: 0 }
/** Workflow whose task `write` runs after its task `read`. */
export const CHAIN = workflow('etl', { read: {}, write: { after: ['read'] } })

/** Starts an execution, and lets it run as far as possible without time passing. */
export async function begun(running: RunningEngine, name = 'etl'): Promise<{ id: string; ended: Promise<Execution> }> {
  const ended = running.engine.execute(name, '{"n":1}')
  await settle()
  const [execution] = await running.store.listExecutions(FIRST_PAGE)
  if (execution === undefined) throw new Error(`no execution of the workflow "${name}" was started`)
  return { id: execution.id, ended }
}

/** Returns the status of each task by the ID of the task. */
export function statuses({ tasks }: Execution): Record<string, string> {
  return Object.fromEntries(tasks.map(({ taskId, status }) => [taskId, status]))
}

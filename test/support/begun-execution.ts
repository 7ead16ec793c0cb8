/** Executions that are under way in an engine of the test. */

import type { Actor } from '../../src/model/action.ts'
import type { Execution } from '../../src/model/execution.ts'
import { workflow } from './declared.ts'
import { settle } from './fake-clock.ts'
import { FIRST_PAGE, type RunningEngine } from './running-engine.ts'

export const ACTOR: Actor = { source: 'node', note: null }
/** Asked, and not waited for. */
export const AT_ONCE = { actor: ACTOR, answerWithinMs: 0 }
/** `write` runs behind `read`. */
export const CHAIN = workflow('etl', { read: {}, write: { after: ['read'] } })

/** Starts an execution, and lets what it can do happen. */
export async function begun(running: RunningEngine, name = 'etl'): Promise<{ id: string; ended: Promise<Execution> }> {
  const ended = running.engine.execute(name, '{"n":1}')
  await settle()
  const [execution] = await running.engine.listExecutions(FIRST_PAGE)
  if (execution === undefined) throw new Error('nothing was started')
  return { id: execution.id, ended }
}

export function statuses({ tasks }: Execution): Record<string, string> {
  return Object.fromEntries(tasks.map(({ taskId, status }) => [taskId, status]))
}

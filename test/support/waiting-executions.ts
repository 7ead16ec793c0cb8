/** Executions that wait, for tests of engines. */

import type { Execution } from '../../src/model/execution.ts'
import { settle } from './manual-clock.ts'
import type { RunningEngine } from './running-engine.ts'

/** Returns the statuses of tasks and nodes by id. */
export function statusesOf(
  tasks: readonly { readonly taskId: string; readonly status: string }[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(tasks.map(({ taskId, status }) => [taskId, status]))
}

/** Starts an execution of a workflow, and returns its id when it waits. */
export async function startWaiting({ engine }: RunningEngine, workflow = 'refund', input = '{"order":7}') {
  const id = await engine.submit(workflow, input)
  await settle()
  return id
}

export async function storedExecution({ store }: RunningEngine, id: string): Promise<Execution> {
  const execution = await store.getExecution(id)
  if (execution === null) throw new Error(`no execution ${id}`)
  return execution
}

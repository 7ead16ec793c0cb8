/** Execution that an engine has acquired, for tests of stores. */

import type { Store } from '../../src/engine/store.ts'
import type { AcquiredExecution } from '../../src/model/execution.ts'
import { newExecution, START } from './store-builders.ts'

/** Id of the engine that acquires the execution. */
export const OWNER = '11111111-1111-4111-8111-111111111111'

/** Opens `OWNER`, and creates an execution that `OWNER` acquires. */
export async function acquiredExecution(
  store: Store,
  given: Parameters<typeof newExecution>[0] = {},
): Promise<AcquiredExecution> {
  const execution = newExecution(given)
  await store.openInstance(OWNER, START)
  await store.createExecution(execution, { kind: 'call' }, START)
  return await acquireAgain(store, execution.id)
}

/** Acquires an execution without an owner for an open engine. */
export async function acquireAgain(store: Store, id: string, instanceId = OWNER): Promise<AcquiredExecution> {
  const acquisition = { instanceId, workflows: ['ingest'], at: START, limit: 1, recover: false, executionIds: [id] }
  const [acquired] = await store.acquireExecutions(acquisition)
  if (acquired === undefined) throw new Error(`"${instanceId}" did not get execution "${id}": another instance owns it`)
  return acquired
}

/** An execution of a store that an instance has acquired, for store tests. */

import type { Store } from '../../src/engine/ports.ts'
import type { AcquiredExecution } from '../../src/model/execution.ts'
import { newExecution, START } from './store-builders.ts'

/** The instance that acquires it. */
export const OWNER = '11111111-1111-4111-8111-111111111111'

/** Creates an execution and gives it to `OWNER`, which is opened first. */
export async function acquiredExecution(
  store: Store,
  given: Parameters<typeof newExecution>[0] = {},
): Promise<AcquiredExecution> {
  const execution = newExecution(given)
  await store.openInstance(OWNER, START)
  await store.createExecution(execution, { kind: 'call' }, START)
  return await acquireAgain(store, execution.id)
}

/** Gives an execution that nobody owns to an instance that is open. */
export async function acquireAgain(store: Store, id: string, instanceId = OWNER): Promise<AcquiredExecution> {
  const acquisition = { instanceId, workflows: ['ingest'], at: START, limit: 1, recover: false, executionIds: [id] }
  const [acquired] = await store.acquireExecutions(acquisition)
  if (acquired === undefined) throw new Error(`"${instanceId}" did not get execution "${id}": another instance owns it`)
  return acquired
}

/** Open waits of one execution, for tests of stores and engines. */

import type { WaitStore } from '../../src/engine/waits/wait-store.ts'
import type { OpenWait } from '../../src/model/waits.ts'

/** Returns the open waits of an execution, in the order of their openings. */
export async function openWaits(
  { waits }: { readonly waits: Pick<WaitStore, 'openOfEach'> },
  executionId: string,
): Promise<readonly OpenWait[]> {
  return (await waits.openOfEach([executionId])).get(executionId) ?? []
}

/** Parts about engines for steps that are written for PostgreSQL only. */

import { FIND_INSTANCE } from '../sql/instances.ts'
import { seqOrThrow } from '../steps/instances.ts'
import type { Session } from './session/session.ts'

export async function instanceSeqOrThrow(session: Session, instanceId: string): Promise<number> {
  return seqOrThrow(await session.one(FIND_INSTANCE, instanceId), instanceId)
}

/** Parts about engines for steps that are written for SQLite only. */

import { FIND_INSTANCE } from '../sql/instances.ts'
import { seqOrThrow } from '../steps/instances.ts'
import type { Connection } from './file/connection.ts'

export function instanceSeqOrThrow(connection: Connection, instanceId: string): number {
  return seqOrThrow(connection.one(FIND_INSTANCE, instanceId), instanceId)
}

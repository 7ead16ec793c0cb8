/** Who serves a database, and how it goes. */

import * as v from 'valibot'
import { COUNT, INSTANT, INSTANT_OR_NULL, listOf, TEXT_OR_NULL } from './parts.ts'

const INSTANCE = v.strictObject({
  id: v.string(),
  host: v.string(),
  pid: COUNT,
  state: v.picklist(['dead', 'serving', 'standby', 'idle']),
  triggers: COUNT,
  executions: COUNT,
  openedAt: INSTANT,
  heartbeatAt: INSTANT,
})

export const INSTANCE_LIST = listOf(INSTANCE)

export const STATUS_OF_ALL = v.strictObject({
  instances: v.array(INSTANCE),
  triggers: v.strictObject({ all: COUNT, enabled: COUNT, late: v.array(v.string()) }),
  executions: v.pipe(v.record(v.string(), COUNT), v.description('how many there are in each status')),
  lastFailures: v.array(
    v.strictObject({ id: v.string(), workflow: v.string(), endedAt: INSTANT_OR_NULL, errorMessage: TEXT_OR_NULL }),
  ),
})

/** `/api/v1/instances` and `/api/v1/status`: who serves the database, and how it goes. */

import { instanceRecord } from '../../runner/records/instances.ts'
import { statusOf, statusRecord } from '../../runner/records/status.ts'
import { type Operation, reading } from '../operations.ts'
import { INSTANCE_LIST, STATUS_OF_ALL } from '../schemas/system.ts'

export const SYSTEM_OPERATIONS: readonly Operation[] = [
  reading({
    path: '/instances',
    tag: 'system',
    summary: 'The runners that are open on the database, the oldest first',
    answer: INSTANCE_LIST,
    handle: async ({ runner }) => {
      const rows = await runner.instances.list()
      return { items: rows.map((row) => instanceRecord(row, rows)), nextCursor: null }
    },
  }),
  reading({
    path: '/status',
    tag: 'system',
    summary: 'Who serves the database, and how it goes: as `cloaca status` has it',
    answer: STATUS_OF_ALL,
    handle: async ({ runner }) => statusRecord(await statusOf(runner)),
  }),
]

/** Runners that are open on a database as JSON. Instants are RFC 3339. */

import { formatInstant } from '../../model/instant.ts'
import type { InstanceRow } from '../../model/schedule.ts'

export type InstanceState = 'dead' | 'serving' | 'standby' | 'idle'

/** `all`: what is open beside it. */
export function instanceRecord(row: InstanceRow, all: readonly InstanceRow[]) {
  const { id, host, pid, triggers, executions, openedAt, heartbeatAt } = row
  return {
    id,
    host,
    pid,
    state: instanceState(row, all),
    triggers,
    executions,
    openedAt: formatInstant(openedAt),
    heartbeatAt: formatInstant(heartbeatAt),
  }
}

/** One that has nothing while another has is there to take over. */
export function instanceState(row: InstanceRow, all: readonly InstanceRow[]): InstanceState {
  if (!row.isAlive) return 'dead'
  if (row.triggers + row.executions > 0) return 'serving'
  return all.some((other) => other.isAlive && other.triggers + other.executions > 0) ? 'standby' : 'idle'
}

/** Runners that are open on a database as JSON. Instants are RFC 3339. */

import type { SourceRow } from '../../model/graphs/rows.ts'
import type { InstanceRow } from '../../model/schedule.ts'
import { formatInstant } from '../../model/time/instant.ts'

export type InstanceState = 'dead' | 'serving' | 'standby' | 'idle'

/** With how many sources it has. */
export type InstanceInfo = InstanceRow & { readonly sources: number }

export function instanceInfos(rows: readonly InstanceRow[], sources: readonly SourceRow[]): readonly InstanceInfo[] {
  return rows.map((row) => ({ ...row, sources: sources.filter(({ owner }) => owner === row.id).length }))
}

/** `all`: what is open beside it. */
export function instanceRecord(row: InstanceInfo, all: readonly InstanceInfo[]) {
  const { id, host, pid, triggers, executions, sources, openedAt, heartbeatAt } = row
  return {
    id,
    host,
    pid,
    state: instanceState(row, all),
    triggers,
    executions,
    sources,
    openedAt: formatInstant(openedAt),
    heartbeatAt: formatInstant(heartbeatAt),
  }
}

/** One that has nothing while another has is there to take over. */
export function instanceState(row: InstanceInfo, all: readonly InstanceInfo[]): InstanceState {
  if (!row.isAlive) return 'dead'
  if (isBusy(row)) return 'serving'
  return all.some((other) => other.isAlive && isBusy(other)) ? 'standby' : 'idle'
}

function isBusy({ triggers, executions, sources }: InstanceInfo): boolean {
  return triggers + executions + sources > 0
}

/** Runners that are open on a database, as JSON. Times are RFC 3339. */

import type { SourceRow } from '../../model/graphs/graph-model-rows.ts'
import type { InstanceRow } from '../../model/schedule-rows.ts'
import { formatInstant } from '../../model/time/instant.ts'

export type InstanceState = 'dead' | 'serving' | 'standby' | 'idle'

export type InstanceInfo = InstanceRow & { readonly sources: number }

export function instanceInfos(rows: readonly InstanceRow[], sources: readonly SourceRow[]): readonly InstanceInfo[] {
  return rows.map((row) => ({ ...row, sources: sources.filter(({ owner }) => owner === row.id).length }))
}

/** `all`: all engines of the database. */
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

/** An engine without work is a stand-by if another one has work. */
export function instanceState(row: InstanceInfo, all: readonly InstanceInfo[]): InstanceState {
  if (!row.isAlive) return 'dead'
  if (isBusy(row)) return 'serving'
  return all.some((other) => other.isAlive && isBusy(other)) ? 'standby' : 'idle'
}

function isBusy({ triggers, executions, sources }: InstanceInfo): boolean {
  return triggers + executions + sources > 0
}

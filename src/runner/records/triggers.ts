/** Triggers, their ticks and their firings as JSON: contracts, whose fields `docs/command-line.md` lists. Instants are RFC 3339. */

import { shownError } from '../../model/fault.ts'
import type { FiringRow, TickRow } from '../../model/schedule.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { CronTriggerInfo, TriggerInfo } from '../resources/triggers.ts'
import { instant } from './instants.ts'

export function triggerRecord(row: TriggerInfo) {
  return {
    id: row.id,
    name: row.name,
    kind: 'poll',
    workflow: row.workflow,
    pollIntervalMs: row.pollIntervalMs,
    allowConcurrent: row.allowConcurrent,
    policy: row.policy,
    declared: row.declared,
    overrides: row.overrides,
    enabled: row.isEnabled,
    note: row.note,
    failuresInRow: row.failuresInRow,
    lastPollAt: instant(row.lastPollAt),
    undeclaredAt: instant(row.undeclaredAt),
    createdAt: formatInstant(row.createdAt),
    updatedAt: formatInstant(row.updatedAt),
  }
}

/** A cron trigger, which is a schedule. */
export function cronTriggerRecord(row: CronTriggerInfo) {
  return {
    id: row.id,
    name: row.triggerName,
    kind: 'cron',
    workflow: row.workflow,
    cron: row.expression,
    timezone: row.timezone,
    catchup: row.catchup,
    enabled: row.isEnabled,
    nextRunAt: instant(row.nextRunAt),
    lastRunAt: instant(row.lastRunAt),
    undeclaredAt: instant(row.undeclaredAt),
    problem: row.problem,
    createdAt: formatInstant(row.createdAt),
    updatedAt: formatInstant(row.updatedAt),
  }
}

/** A row of a list. */
export function tickRecord(row: TickRow) {
  return { ...wholeTickRecord(row), errorMessage: shownError(row.errorMessage) }
}

export function wholeTickRecord<Row extends TickRow>(row: Row) {
  return { ...row, firstAt: formatInstant(row.firstAt), lastAt: formatInstant(row.lastAt) }
}

export function firingRecord(row: FiringRow) {
  return {
    ...row,
    startedAt: formatInstant(row.startedAt),
    completedAt: instant(row.completedAt),
    createdAt: formatInstant(row.createdAt),
  }
}

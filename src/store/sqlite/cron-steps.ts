/** What happens to cron schedules and their firings. Each function is the body of one step and runs in its transaction. */

import type {
  CronClaim,
  CronMove,
  NewCronSchedule,
  NewExecution,
  NewTriggerCron,
  Page,
  PageAfter,
} from '../../engine/ports.ts'
import { InternalError } from '../../errors.ts'
import type { Catchup } from '../../model/policy.ts'
import type { CronFiringRow, CronRow, CronStats } from '../../model/schedule.ts'
import {
  type CronFiringRecord,
  type CronRecord,
  catchupText,
  cronFiringRow,
  cronOverridesText,
  cronRow,
  LOST_AFTER_MS,
} from '../rows.ts'
import {
  CLAIM_CRON,
  CRON_STATS,
  DELETE_CRON,
  ENABLED_CRONS_BY_NEXT_RUN,
  FIND_CRON_OF_FIRING,
  FIND_CRONS_BY_NAME,
  FIND_CRONS_BY_PREFIX,
  GET_CRON,
  GET_TRIGGER_CRON,
  INSERT_CRON,
  INSERT_CRON_FIRING,
  LIST_CRON_FIRINGS,
  LIST_CRON_FIRINGS_BEHIND,
  LIST_CRONS,
  LIST_ENABLED_CRONS,
  LOST_CRON_FIRINGS,
  RECOVER_CRON_FIRING,
  REFRESH_TRIGGER_CRON,
  RESCHEDULE_CRON,
  SET_CRON_ENABLED,
  SET_CRON_OVERRIDES,
  UPDATE_CRON,
} from './cron-queries.ts'
import { insertExecution } from './executions/execution-steps.ts'
import type { Connection } from './file/connection.ts'

/** False when the workflow has an instance of that name. */
export function insertCron(connection: Connection, schedule: NewCronSchedule | NewTriggerCron): boolean {
  const { id, workflow, expression, timezone, nextRunAt, at, triggerName, instanceName, paramsText } = schedule
  const timing = [expression, timezone, catchupText(schedule.catchup), nextRunAt]
  const values = [id, workflow, ...timing, at, at, triggerName, instanceName, paramsText]
  return connection.run(INSERT_CRON, ...values) === 1
}

export function saveTriggerCron(connection: Connection, schedule: NewTriggerCron): CronRow {
  const { triggerName, workflow, expression, timezone, nextRunAt, at } = schedule
  if (!insertCron(connection, schedule)) {
    const timing = [expression, timezone, catchupText(schedule.catchup), nextRunAt]
    connection.run(REFRESH_TRIGGER_CRON, workflow, ...timing, at, triggerName)
  }
  const record = connection.one<CronRecord>(GET_TRIGGER_CRON, triggerName)
  if (record === undefined) throw new InternalError(`The schedule of the trigger "${triggerName}" was not stored.`)
  return cronRow(record)
}

export function saveTriggerCrons(connection: Connection, schedules: readonly NewTriggerCron[]): readonly CronRow[] {
  return schedules.map((schedule) => saveTriggerCron(connection, schedule))
}

/** False when there is no such trigger. */
export function overrideTriggerCron(
  connection: Connection,
  triggerName: string,
  catchup: Catchup | null,
  at: number,
): boolean {
  return connection.run(SET_CRON_OVERRIDES, cronOverridesText(catchup), at, triggerName) === 1
}

export function rescheduleCrons(connection: Connection, moves: readonly CronMove[], at: number): void {
  for (const { scheduleId, seenRunAt, nextRunAt } of moves) {
    connection.run(RESCHEDULE_CRON, nextRunAt, at, scheduleId, seenRunAt)
  }
}

/** False when there is no such schedule, as the next two. */
export function updateCron(
  connection: Connection,
  id: string,
  { expression, timezone, nextRunAt }: Pick<CronRow, 'expression' | 'timezone' | 'nextRunAt'>,
  at: number,
): boolean {
  return connection.run(UPDATE_CRON, expression, timezone, nextRunAt, at, id) === 1
}

export function setCronEnabled(connection: Connection, id: string, isEnabled: boolean, at: number): boolean {
  return connection.run(SET_CRON_ENABLED, Number(isEnabled), at, id) === 1
}

export function deleteCron(connection: Connection, id: string): boolean {
  return connection.run(DELETE_CRON, id) === 1
}

export function getCron(connection: Connection, id: string): CronRow | null {
  const record = connection.one<CronRecord>(GET_CRON, id)
  return record === undefined ? null : cronRow(record)
}

export function findCrons(connection: Connection, name: string, limit: number): readonly CronRow[] {
  if (name === '') return []
  const named = connection.all<CronRecord>(FIND_CRONS_BY_NAME, name, name, name, limit)
  const records =
    named.length > 0 ? named : connection.all<CronRecord>(FIND_CRONS_BY_PREFIX, name, `${name}\u{10FFFF}`, limit)
  return records.map(cronRow)
}

export function triggerCrons(connection: Connection, triggerNames: readonly string[]): readonly CronRow[] {
  return triggerNames.flatMap((name) => connection.all<CronRecord>(GET_TRIGGER_CRON, name)).map(cronRow)
}

export function listCrons(connection: Connection, page: Page & { readonly enabledOnly: boolean }): readonly CronRow[] {
  const sql = page.enabledOnly ? LIST_ENABLED_CRONS : LIST_CRONS
  return connection.all<CronRecord>(sql, page.limit, page.offset).map(cronRow)
}

export function enabledCrons(connection: Connection): readonly CronRow[] {
  return connection.all<CronRecord>(ENABLED_CRONS_BY_NEXT_RUN).map(cronRow)
}

export function claimCron(connection: Connection, claim: CronClaim): boolean {
  const { scheduleId, dueAt, nextRunAt, firingId, at, execution } = claim
  const cron = connection.one<Pick<CronRecord, 'trigger_name'>>(CLAIM_CRON, nextRunAt, at, at, scheduleId, dueAt)
  if (cron === undefined) return false
  connection.run(INSERT_CRON_FIRING, firingId, dueAt, at, execution?.id ?? null, at, scheduleId)
  if (execution === null) return true
  insertExecution(connection, execution, { kind: 'cron', scheduleId, trigger: cron.trigger_name, firingId }, at)
  return true
}

export function listCronFirings(
  connection: Connection,
  scheduleId: string,
  { limit, offset, after }: PageAfter,
): readonly CronFiringRow[] {
  const records =
    after === undefined
      ? connection.all<CronFiringRecord>(LIST_CRON_FIRINGS, scheduleId, limit, offset)
      : connection.all<CronFiringRecord>(LIST_CRON_FIRINGS_BEHIND, scheduleId, after, limit, offset)
  return records.map(cronFiringRow)
}

export function lostCronFirings(
  connection: Connection,
  query: { readonly notBeforeAt: number; readonly olderThanAt: number; readonly maxAttempts: number },
): readonly CronFiringRow[] {
  const { notBeforeAt, olderThanAt, maxAttempts } = query
  return connection.all<CronFiringRecord>(LOST_CRON_FIRINGS, notBeforeAt, olderThanAt, maxAttempts).map(cronFiringRow)
}

export function recoverCronFiring(
  connection: Connection,
  firingId: string,
  execution: NewExecution | null,
  at: number,
): boolean {
  if (connection.run(RECOVER_CRON_FIRING, execution?.id ?? null, at, firingId) === 0) return false
  if (execution === null) return true
  const cron = connection.one<Pick<CronRecord, 'id' | 'trigger_name'>>(FIND_CRON_OF_FIRING, firingId)
  const { id: scheduleId = '', trigger_name: trigger = null } = cron ?? {}
  insertExecution(connection, execution, { kind: 'cron', scheduleId, trigger, firingId }, at)
  return true
}

export function cronStats(connection: Connection, sinceAt: number, at: number): CronStats {
  return connection.one<CronStats>(CRON_STATS, at - LOST_AFTER_MS, sinceAt) ?? { total: 0, successful: 0, lost: 0 }
}

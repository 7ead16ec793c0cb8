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
  FIND_CRONS_BY_NAME,
  FIND_CRONS_BY_PREFIX,
  GET_CRON,
  GET_TRIGGER_CRON,
  GET_TRIGGER_CRONS,
  INSERT_CRON,
  INSERT_CRON_FIRING,
  LIST_CRON_FIRINGS,
  LIST_CRONS,
  LOST_CRON_FIRINGS,
  RECOVER_CRON_FIRING,
  REFRESH_TRIGGER_CRON,
  RESCHEDULE_CRONS,
  SET_CRON_ENABLED,
  SET_CRON_OVERRIDES,
  UPDATE_CRON,
} from './cron-queries.ts'
import { insertExecutions } from './executions/execution-steps.ts'
import type { Session } from './session/session.ts'

/** False when the workflow has an instance of that name. */
export async function insertCron(session: Session, schedule: NewCronSchedule | NewTriggerCron): Promise<boolean> {
  const { id, workflow, expression, timezone, nextRunAt, at, triggerName, instanceName, paramsText } = schedule
  const timing = [expression, timezone, catchupText(schedule.catchup), nextRunAt]
  return (await session.run(INSERT_CRON, id, workflow, ...timing, at, triggerName, instanceName, paramsText)) === 1
}

export async function saveTriggerCron(session: Session, schedule: NewTriggerCron): Promise<CronRow> {
  const { triggerName, workflow, expression, timezone, nextRunAt, at } = schedule
  if (!(await insertCron(session, schedule))) {
    const timing = [expression, timezone, catchupText(schedule.catchup), nextRunAt]
    await session.run(REFRESH_TRIGGER_CRON, workflow, ...timing, at, triggerName)
  }
  const record = await session.one<CronRecord>(GET_TRIGGER_CRON, triggerName)
  if (record === undefined) throw new InternalError(`The schedule of the trigger "${triggerName}" was not stored.`)
  return cronRow(record)
}

export async function saveTriggerCrons(
  session: Session,
  schedules: readonly NewTriggerCron[],
): Promise<readonly CronRow[]> {
  const rows: CronRow[] = []
  for (const schedule of schedules) rows.push(await saveTriggerCron(session, schedule))
  return rows
}

/** False when there is no such trigger. */
export async function overrideTriggerCron(
  session: Session,
  triggerName: string,
  catchup: Catchup | null,
  at: number,
): Promise<boolean> {
  return (await session.run(SET_CRON_OVERRIDES, cronOverridesText(catchup), at, triggerName)) === 1
}

export async function updateCron(
  session: Session,
  id: string,
  change: { readonly expression: string; readonly timezone: string; readonly nextRunAt: number },
  at: number,
): Promise<boolean> {
  const { expression, timezone, nextRunAt } = change
  return (await session.run(UPDATE_CRON, expression, timezone, nextRunAt, at, id)) === 1
}

export async function rescheduleCrons(session: Session, moves: readonly CronMove[], at: number): Promise<void> {
  if (moves.length === 0) return
  await session.run(
    RESCHEDULE_CRONS,
    moves.map(({ scheduleId }) => scheduleId),
    moves.map(({ seenRunAt }) => seenRunAt),
    moves.map(({ nextRunAt }) => nextRunAt),
    at,
  )
}

export async function setCronEnabled(session: Session, id: string, isEnabled: boolean, at: number): Promise<boolean> {
  return (await session.run(SET_CRON_ENABLED, isEnabled, at, id)) === 1
}

export async function deleteCron(session: Session, id: string): Promise<boolean> {
  return (await session.run(DELETE_CRON, id)) === 1
}

export async function getCron(session: Session, id: string): Promise<CronRow | null> {
  const record = await session.one<CronRecord>(GET_CRON, id)
  return record === undefined ? null : cronRow(record)
}

export async function findCrons(session: Session, name: string, limit: number): Promise<readonly CronRow[]> {
  if (name === '') return []
  const named = await session.all<CronRecord>(FIND_CRONS_BY_NAME, name, limit)
  const records =
    named.length > 0 ? named : await session.all<CronRecord>(FIND_CRONS_BY_PREFIX, name, `${name}\u{10FFFF}`, limit)
  return records.map(cronRow)
}

export async function triggerCrons(session: Session, triggerNames: readonly string[]): Promise<readonly CronRow[]> {
  return (await session.all<CronRecord>(GET_TRIGGER_CRONS, triggerNames)).map(cronRow)
}

export async function listCrons(
  session: Session,
  page: Page & { readonly enabledOnly: boolean },
): Promise<readonly CronRow[]> {
  return (await session.all<CronRecord>(LIST_CRONS, page.enabledOnly, page.limit, page.offset)).map(cronRow)
}

export async function enabledCrons(session: Session): Promise<readonly CronRow[]> {
  return (await session.all<CronRecord>(ENABLED_CRONS_BY_NEXT_RUN)).map(cronRow)
}

export async function claimCron(session: Session, claim: CronClaim): Promise<boolean> {
  const { scheduleId, dueAt, nextRunAt, firingId, at, execution } = claim
  const cron = await session.one<Pick<CronRecord, 'trigger_name'>>(CLAIM_CRON, nextRunAt, at, scheduleId, dueAt)
  if (cron === undefined) return false
  await session.run(INSERT_CRON_FIRING, firingId, dueAt, at, execution?.id ?? null, scheduleId)
  if (execution === null) return true
  const origin = { kind: 'cron', scheduleId, trigger: cron.trigger_name, firingId } as const
  await insertExecutions(session, [{ execution, origin, at }])
  return true
}

export async function listCronFirings(
  session: Session,
  scheduleId: string,
  { limit, offset, after }: PageAfter,
): Promise<readonly CronFiringRow[]> {
  const records = await session.all<CronFiringRecord>(LIST_CRON_FIRINGS, scheduleId, limit, offset, after ?? null)
  return records.map(cronFiringRow)
}

export async function lostCronFirings(
  session: Session,
  query: { readonly notBeforeAt: number; readonly olderThanAt: number; readonly maxAttempts: number },
): Promise<readonly CronFiringRow[]> {
  const { notBeforeAt, olderThanAt, maxAttempts } = query
  const records = await session.all<CronFiringRecord>(LOST_CRON_FIRINGS, notBeforeAt, olderThanAt, maxAttempts)
  return records.map(cronFiringRow)
}

export async function recoverCronFiring(
  session: Session,
  firingId: string,
  execution: NewExecution | null,
  at: number,
): Promise<boolean> {
  const started = [execution?.id ?? null, at, firingId]
  const cron = await session.one<Pick<CronRecord, 'id' | 'trigger_name'>>(RECOVER_CRON_FIRING, ...started)
  if (cron === undefined) return false
  if (execution === null) return true
  const origin = { kind: 'cron', scheduleId: cron.id, trigger: cron.trigger_name, firingId } as const
  await insertExecutions(session, [{ execution, origin, at }])
  return true
}

export async function cronStats(session: Session, sinceAt: number, at: number): Promise<CronStats> {
  const stats = await session.one<CronStats>(CRON_STATS, at - LOST_AFTER_MS, sinceAt)
  return stats ?? { total: 0, successful: 0, lost: 0 }
}

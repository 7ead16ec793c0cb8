/** Steps of cron schedules and their firings. See the methods of the port that have the same names. */

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
import type { Session, Step } from '../session.ts'
import {
  CLAIM_CRON,
  CRON_STATS,
  DELETE_CRON,
  ENABLED_CRONS_BY_NEXT_RUN,
  FIND_CRON_FIRING,
  FIND_CRONS_BY_NAME,
  FIND_CRONS_BY_PREFIX,
  GET_CRON,
  GET_TRIGGER_CRON,
  INSERT_CRON,
  INSERT_CRON_FIRING,
  LIST_CRON_FIRINGS,
  LIST_CRONS,
  LOST_CRON_FIRINGS,
  RECOVER_CRON_FIRING,
  REFRESH_TRIGGER_CRON,
  RESCHEDULE_CRON,
  SET_CRON_ENABLED,
  SET_CRON_OVERRIDES,
  UPDATE_CRON,
} from '../sql/crons.ts'
import { insertExecutions } from './executions/creation.ts'
import { placeAfter } from './pages.ts'

/** Returns false if the workflow has an instance of this name. */
export function* insertCron(session: Session, schedule: NewCronSchedule | NewTriggerCron): Step<boolean> {
  const { id, workflow, expression, timezone, nextRunAt, at, triggerName, instanceName, paramsText } = schedule
  const timing = [expression, timezone, catchupText(schedule.catchup), nextRunAt]
  return (yield* session.run(INSERT_CRON, id, workflow, ...timing, at, triggerName, instanceName, paramsText)) === 1
}

function* saveTriggerCron(session: Session, schedule: NewTriggerCron): Step<CronRow> {
  const { triggerName, workflow, expression, timezone, nextRunAt, at } = schedule
  if (!(yield* insertCron(session, schedule))) {
    const timing = [expression, timezone, catchupText(schedule.catchup), nextRunAt]
    session.run(REFRESH_TRIGGER_CRON, workflow, ...timing, at, triggerName)
  }
  const record = yield* session.one<CronRecord>(GET_TRIGGER_CRON, triggerName)
  if (record === undefined)
    throw new InternalError(`Cannot find the schedule of trigger "${triggerName}" after saving it.`)
  return cronRow(record)
}

export function* saveTriggerCrons(session: Session, schedules: readonly NewTriggerCron[]): Step<readonly CronRow[]> {
  const rows: CronRow[] = []
  for (const schedule of schedules) rows.push(yield* saveTriggerCron(session, schedule))
  return rows
}

/** Returns false if no trigger has this name. */
export function* overrideTriggerCron(
  session: Session,
  triggerName: string,
  catchup: Catchup | null,
  at: number,
): Step<boolean> {
  return (yield* session.run(SET_CRON_OVERRIDES, cronOverridesText(catchup), at, triggerName)) === 1
}

export function* rescheduleCrons(session: Session, moves: readonly CronMove[], at: number): Step<void> {
  for (const { scheduleId, seenRunAt, nextRunAt } of moves) {
    session.run(RESCHEDULE_CRON, nextRunAt, at, scheduleId, seenRunAt)
  }
}

/** Returns false if no schedule has this id, like the next two steps. */
export function* updateCron(
  session: Session,
  id: string,
  { expression, timezone, nextRunAt }: Pick<CronRow, 'expression' | 'timezone'> & { readonly nextRunAt: number },
  at: number,
): Step<boolean> {
  return (yield* session.run(UPDATE_CRON, expression, timezone, nextRunAt, at, id)) === 1
}

export function* setCronEnabled(session: Session, id: string, isEnabled: boolean, at: number): Step<boolean> {
  return (yield* session.run(SET_CRON_ENABLED, isEnabled, at, id)) === 1
}

export function* deleteCron(session: Session, id: string): Step<boolean> {
  return (yield* session.run(DELETE_CRON, id)) === 1
}

export function* getCron(session: Session, id: string): Step<CronRow | null> {
  const record = yield* session.one<CronRecord>(GET_CRON, id)
  return record === undefined ? null : cronRow(record)
}

export function* findCrons(session: Session, name: string, limit: number): Step<readonly CronRow[]> {
  if (name === '') return []
  const named = yield* session.all<CronRecord>(FIND_CRONS_BY_NAME, name, limit)
  const records =
    named.length > 0 ? named : yield* session.all<CronRecord>(FIND_CRONS_BY_PREFIX, name, `${name}\u{10FFFF}`, limit)
  return records.map(cronRow)
}

export function* triggerCrons(session: Session, triggerNames: readonly string[]): Step<readonly CronRow[]> {
  const replies = triggerNames.map((name) => session.all<CronRecord>(GET_TRIGGER_CRON, name))
  const rows: CronRow[] = []
  for (const reply of replies) rows.push(...(yield* reply).map(cronRow))
  return rows
}

export function* listCrons(session: Session, page: Page & { readonly enabledOnly: boolean }): Step<readonly CronRow[]> {
  return (yield* session.all<CronRecord>(LIST_CRONS, page.enabledOnly, page.limit, page.offset)).map(cronRow)
}

export function* enabledCrons(session: Session): Step<readonly CronRow[]> {
  return (yield* session.all<CronRecord>(ENABLED_CRONS_BY_NEXT_RUN)).map(cronRow)
}

export function* claimCron(session: Session, claim: CronClaim): Step<boolean> {
  const { scheduleId, dueAt, nextRunAt, firingId, at, execution } = claim
  const cron = yield* session.one<Pick<CronRecord, 'trigger_name'>>(CLAIM_CRON, nextRunAt, at, scheduleId, dueAt)
  if (cron === undefined) return false
  session.run(INSERT_CRON_FIRING, firingId, dueAt, at, execution?.id ?? null, scheduleId)
  if (execution === null) return true
  const origin = { kind: 'cron', scheduleId, trigger: cron.trigger_name, firingId } as const
  yield* insertExecutions(session, [{ execution, origin, at }])
  return true
}

export function* listCronFirings(
  session: Session,
  scheduleId: string,
  { limit, offset, after }: PageAfter,
): Step<readonly CronFiringRow[]> {
  const place = yield* placeAfter(session, FIND_CRON_FIRING, after)
  if (place === null) return []
  const records = yield* session.all<CronFiringRecord>(
    LIST_CRON_FIRINGS,
    scheduleId,
    place.at,
    place.seq,
    limit,
    offset,
  )
  return records.map(cronFiringRow)
}

export function* lostCronFirings(
  session: Session,
  query: { readonly notBeforeAt: number; readonly olderThanAt: number; readonly maxAttempts: number },
): Step<readonly CronFiringRow[]> {
  const { notBeforeAt, olderThanAt, maxAttempts } = query
  const records = yield* session.all<CronFiringRecord>(LOST_CRON_FIRINGS, notBeforeAt, olderThanAt, maxAttempts)
  return records.map(cronFiringRow)
}

export function* recoverCronFiring(
  session: Session,
  firingId: string,
  execution: NewExecution | null,
  at: number,
): Step<boolean> {
  const recovered = [execution?.id ?? null, at, firingId]
  const cron = yield* session.one<Pick<CronRecord, 'id' | 'trigger_name'>>(RECOVER_CRON_FIRING, ...recovered)
  if (cron === undefined) return false
  if (execution === null) return true
  const origin = { kind: 'cron', scheduleId: cron.id, trigger: cron.trigger_name, firingId } as const
  yield* insertExecutions(session, [{ execution, origin, at }])
  return true
}

export function* cronStats(session: Session, sinceAt: number, at: number): Step<CronStats> {
  const stats = yield* session.one<CronStats>(CRON_STATS, at - LOST_AFTER_MS, sinceAt)
  return stats ?? { total: 0, successful: 0, lost: 0 }
}

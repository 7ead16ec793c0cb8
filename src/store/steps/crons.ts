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
import { jsonOrEmpty, type Stored } from '../rows.ts'
import { allOf, type Session, type Step } from '../session.ts'
import * as sql from '../sql/crons.ts'
import { insertExecutions } from './executions/creation.ts'
import { placeAfter } from './pages.ts'

/** Age from which a firing without an execution is lost. */
const LOST_AFTER_MS = 600_000

interface CronOverrides {
  readonly catchup?: Catchup
}

interface CronRecord extends Stored<Omit<CronRow, 'catchup'>, never, 'isEnabled'> {
  /** Null for the default. */
  readonly catchup: Catchup | null
  /** JSON of `CronOverrides`, or null. */
  readonly overrides: string | null
}

function cronRow({ overrides, ...record }: CronRecord): CronRow {
  const { catchup = record.catchup ?? 'skip' }: CronOverrides = jsonOrEmpty(overrides)
  return { ...record, catchup, isEnabled: Boolean(record.isEnabled) }
}

/** Returns false if the workflow has an instance of this name. */
export function* insertCron(session: Session, schedule: NewCronSchedule | NewTriggerCron): Step<boolean> {
  const { id, workflow, at, triggerName, instanceName, paramsText } = schedule
  const values = [id, workflow, ...timing(schedule), at, triggerName, instanceName, paramsText]
  return (yield* session.run(sql.INSERT_CRON, ...values)) === 1
}

function timing({ expression, timezone, catchup, nextRunAt }: NewCronSchedule | NewTriggerCron) {
  return [expression, timezone, catchup === 'skip' ? null : catchup, nextRunAt]
}

function* saveTriggerCron(session: Session, schedule: NewTriggerCron): Step<CronRow> {
  const { triggerName, workflow, at } = schedule
  if (!(yield* insertCron(session, schedule))) {
    session.run(sql.REFRESH_TRIGGER_CRON, workflow, ...timing(schedule), at, triggerName)
  }
  const record = yield* session.one<CronRecord>(sql.GET_TRIGGER_CRON, triggerName)
  if (record !== undefined) return cronRow(record)
  throw new InternalError(`Cannot find the schedule of trigger "${triggerName}" after saving it.`)
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
  const overrides = catchup === null ? null : JSON.stringify({ catchup } satisfies CronOverrides)
  const statement = 'UPDATE crons SET overrides = $1, updated_at = $2 WHERE trigger_name = $3'
  return (yield* session.run(statement, overrides, at, triggerName)) === 1
}

export function* rescheduleCrons(session: Session, moves: readonly CronMove[], at: number): Step<void> {
  const statement = 'UPDATE crons SET next_run_at = $1, updated_at = $2 WHERE id = $3 AND next_run_at = $4'
  for (const { scheduleId, seenRunAt, nextRunAt } of moves) {
    session.run(statement, nextRunAt, at, scheduleId, seenRunAt)
  }
}

/** Returns false if no schedule has this id, like the next two steps. */
export function* updateCron(
  session: Session,
  id: string,
  { expression, timezone, nextRunAt }: Pick<CronRow, 'expression' | 'timezone'> & { readonly nextRunAt: number },
  at: number,
): Step<boolean> {
  return (yield* session.run(sql.UPDATE_CRON, expression, timezone, nextRunAt, at, id)) === 1
}

export function* setCronEnabled(session: Session, id: string, isEnabled: boolean, at: number): Step<boolean> {
  const statement = 'UPDATE crons SET enabled = $1, updated_at = $2 WHERE id = $3'
  return (yield* session.run(statement, isEnabled, at, id)) === 1
}

export function* deleteCron(session: Session, id: string): Step<boolean> {
  return (yield* session.run('DELETE FROM crons WHERE id = $1', id)) === 1
}

export function* getCron(session: Session, id: string): Step<CronRow | null> {
  const record = yield* session.one<CronRecord>(sql.GET_CRON, id)
  return record === undefined ? null : cronRow(record)
}

export function* findCrons(session: Session, name: string, limit: number): Step<readonly CronRow[]> {
  if (name === '') return []
  let found = yield* session.all<CronRecord>(sql.FIND_CRONS_BY_NAME, name, limit)
  if (found.length === 0) {
    found = yield* session.all<CronRecord>(sql.FIND_CRONS_BY_PREFIX, name, `${name}\u{10FFFF}`, limit)
  }
  return found.map(cronRow)
}

export function* triggerCrons(session: Session, triggerNames: readonly string[]): Step<readonly CronRow[]> {
  const replies = triggerNames.map((name) => session.all<CronRecord>(sql.GET_TRIGGER_CRON, name))
  return (yield* allOf(replies)).flat().map(cronRow)
}

export function* listCrons(session: Session, page: Page & { readonly enabledOnly: boolean }): Step<readonly CronRow[]> {
  return (yield* session.all<CronRecord>(sql.LIST_CRONS, page.enabledOnly, page.limit, page.offset)).map(cronRow)
}

export function* enabledCrons(session: Session): Step<readonly CronRow[]> {
  return (yield* session.all<CronRecord>(sql.ENABLED_CRONS_BY_NEXT_RUN)).map(cronRow)
}

export function* claimCron(session: Session, claim: CronClaim): Step<boolean> {
  const { scheduleId, dueAt, nextRunAt, firingId, at, execution } = claim
  const cron = yield* session.one<Pick<CronRow, 'triggerName'>>(sql.CLAIM_CRON, nextRunAt, at, scheduleId, dueAt)
  if (cron === undefined) return false
  session.run(sql.INSERT_CRON_FIRING, firingId, dueAt, at, execution?.id ?? null, scheduleId)
  if (execution === null) return true
  const origin = { kind: 'cron', scheduleId, trigger: cron.triggerName, firingId } as const
  yield* insertExecutions(session, [{ execution, origin, at }])
  return true
}

export function* listCronFirings(
  session: Session,
  scheduleId: string,
  { limit, offset, after }: PageAfter,
): Step<readonly CronFiringRow[]> {
  const place = yield* placeAfter(session, 'SELECT claimed_at AS at, seq FROM cron_firings WHERE id = $1', after)
  if (place === null) return []
  return yield* session.all<CronFiringRow>(sql.LIST_CRON_FIRINGS, scheduleId, place.at, place.seq, limit, offset)
}

export function* lostCronFirings(
  session: Session,
  query: { readonly notBeforeAt: number; readonly olderThanAt: number; readonly maxAttempts: number },
): Step<readonly CronFiringRow[]> {
  const { notBeforeAt, olderThanAt, maxAttempts } = query
  return yield* session.all<CronFiringRow>(sql.LOST_CRON_FIRINGS, notBeforeAt, olderThanAt, maxAttempts)
}

export function* recoverCronFiring(
  session: Session,
  firingId: string,
  execution: NewExecution | null,
  at: number,
): Step<boolean> {
  const recovered = [execution?.id ?? null, at, firingId]
  const cron = yield* session.one<Pick<CronRow, 'id' | 'triggerName'>>(sql.RECOVER_CRON_FIRING, ...recovered)
  if (cron === undefined) return false
  if (execution === null) return true
  const origin = { kind: 'cron', scheduleId: cron.id, trigger: cron.triggerName, firingId } as const
  yield* insertExecutions(session, [{ execution, origin, at }])
  return true
}

export function* cronStats(session: Session, sinceAt: number, at: number): Step<CronStats> {
  const stats = yield* session.one<CronStats>(sql.CRON_STATS, at - LOST_AFTER_MS, sinceAt)
  return stats ?? { total: 0, successful: 0, lost: 0 }
}

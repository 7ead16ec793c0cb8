/** Steps of cron schedules and their firings. See the methods of the port that have the same names. */

import type {
  CronClaim,
  CronStore,
  NewCronSchedule,
  NewExecution,
  NewTriggerCron,
  PageAfter,
} from '../../engine/ports.ts'
import { InternalError, StoreError } from '../../errors.ts'
import type { Catchup } from '../../model/policy.ts'
import type { CronFiringRow, CronRow, CronStats } from '../../model/schedule.ts'
import { jsonOrEmpty, type Stored } from '../rows.ts'
import { allOf, method, type RunStep, type Session, type Step } from '../session.ts'
import * as sql from '../sql/crons.ts'
import { recordedIf } from './actions.ts'
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

export function cronStore(run: RunStep): CronStore {
  return {
    createCron: async (schedule) => {
      if (await run('accept', (session) => insertCron(session, schedule))) return
      const { workflow, instanceName } = schedule
      const message = `Workflow "${workflow}" already has an instance named "${instanceName}". Choose another name.`
      throw new StoreError('DUPLICATE_INSTANCE', message, { workflow })
    },
    saveTriggerCrons: method(run, 'write', saveTriggerCrons),
    listCrons: method(run, 'read', function* (session, { enabledOnly, limit, offset }) {
      return (yield* session.all<CronRecord>(sql.LIST_CRONS, enabledOnly, limit, offset)).map(cronRow)
    }),
    getCron: method(run, 'read', function* (session, id) {
      const record = yield* session.one<CronRecord>(sql.GET_CRON, id)
      return record === undefined ? null : cronRow(record)
    }),
    findCrons: method(run, 'read', findCrons),
    triggerCrons: method(run, 'read', function* (session, triggerNames) {
      const replies = triggerNames.map((name) => session.all<CronRecord>(sql.GET_TRIGGER_CRON, name))
      return (yield* allOf(replies)).flat().map(cronRow)
    }),
    updateCron: method(run, 'accept', function* (session, id, { expression, timezone, nextRunAt }, at) {
      return (yield* session.run(sql.UPDATE_CRON, expression, timezone, nextRunAt, at, id)) === 1
    }),
    overrideTriggerCron: method(run, 'accept', function* (session, triggerName, catchup, at, action) {
      const overrides = catchup === null ? null : JSON.stringify({ catchup } satisfies CronOverrides)
      const statement = 'UPDATE crons SET overrides = $1, updated_at = $2 WHERE trigger_name = $3'
      return recordedIf((yield* session.run(statement, overrides, at, triggerName)) === 1, session, action)
    }),
    rescheduleCrons: method(run, 'write', function* (session, moves, at) {
      const statement = 'UPDATE crons SET next_run_at = $1, updated_at = $2 WHERE id = $3 AND next_run_at = $4'
      for (const { scheduleId, seenRunAt, nextRunAt } of moves) {
        session.run(statement, nextRunAt, at, scheduleId, seenRunAt)
      }
    }),
    setCronEnabled: method(run, 'accept', function* (session, id, isEnabled, at) {
      const statement = 'UPDATE crons SET enabled = $1, updated_at = $2 WHERE id = $3'
      return (yield* session.run(statement, isEnabled, at, id)) === 1
    }),
    deleteCron: method(run, 'accept', function* (session, id) {
      return (yield* session.run('DELETE FROM crons WHERE id = $1', id)) === 1
    }),
    enabledCrons: method(run, 'read', function* (session) {
      return (yield* session.all<CronRecord>(sql.ENABLED_CRONS_BY_NEXT_RUN)).map(cronRow)
    }),
    claimCron: method(run, 'accept', claimCron),
    listCronFirings: method(run, 'read', listCronFirings),
    lostCronFirings: method(run, 'read', function* (session, { notBeforeAt, olderThanAt, maxAttempts }) {
      return yield* session.all<CronFiringRow>(sql.LOST_CRON_FIRINGS, notBeforeAt, olderThanAt, maxAttempts)
    }),
    recoverCronFiring: method(run, 'accept', recoverCronFiring),
    cronStats: method(run, 'read', cronStats),
  }
}

function cronRow({ overrides, ...record }: CronRecord): CronRow {
  const { catchup = record.catchup ?? 'skip' }: CronOverrides = jsonOrEmpty(overrides)
  return { ...record, catchup, isEnabled: Boolean(record.isEnabled) }
}

/** Returns false if the workflow has an instance of this name. */
function* insertCron(session: Session, schedule: NewCronSchedule | NewTriggerCron): Step<boolean> {
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

function* saveTriggerCrons(session: Session, schedules: readonly NewTriggerCron[]): Step<readonly CronRow[]> {
  const rows: CronRow[] = []
  for (const schedule of schedules) rows.push(yield* saveTriggerCron(session, schedule))
  return rows
}

function* findCrons(session: Session, name: string, limit: number): Step<readonly CronRow[]> {
  if (name === '') return []
  let found = yield* session.all<CronRecord>(sql.FIND_CRONS_BY_NAME, name, limit)
  if (found.length === 0) {
    found = yield* session.all<CronRecord>(sql.FIND_CRONS_BY_PREFIX, name, `${name}\u{10FFFF}`, limit)
  }
  return found.map(cronRow)
}

function* claimCron(session: Session, claim: CronClaim): Step<boolean> {
  const { scheduleId, dueAt, nextRunAt, firingId, at, execution } = claim
  const cron = yield* session.one<Pick<CronRow, 'triggerName'>>(sql.CLAIM_CRON, nextRunAt, at, scheduleId, dueAt)
  if (cron === undefined) return false
  session.run(sql.INSERT_CRON_FIRING, firingId, dueAt, at, execution?.id ?? null, scheduleId)
  if (execution === null) return true
  const origin = { kind: 'cron', scheduleId, trigger: cron.triggerName, firingId } as const
  yield* insertExecutions(session, [{ execution, origin, at }])
  return true
}

function* listCronFirings(
  session: Session,
  scheduleId: string,
  { limit, offset, after }: PageAfter,
): Step<readonly CronFiringRow[]> {
  const place = yield* placeAfter(session, 'SELECT claimed_at AS at, seq FROM cron_firings WHERE id = $1', after)
  if (place === null) return []
  return yield* session.all<CronFiringRow>(sql.LIST_CRON_FIRINGS, scheduleId, place.at, place.seq, limit, offset)
}

function* recoverCronFiring(
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

function* cronStats(session: Session, sinceAt: number, at: number): Step<CronStats> {
  const stats = yield* session.one<CronStats>(sql.CRON_STATS, at - LOST_AFTER_MS, sinceAt)
  return stats ?? { total: 0, successful: 0, lost: 0 }
}

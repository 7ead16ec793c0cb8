/** Steps of cron schedules and their firings. See the methods of the port that have the same names. */

import type {
  CronClaim,
  CronRun,
  CronStart,
  CronStore,
  NewCronSchedule,
  NewTriggerCron,
} from '../../engine/cron/cron-store.ts'
import type { LimitedStart, NewExecution } from '../../engine/starts/new-executions.ts'
import type { PageAfter } from '../../engine/store-ports.ts'
import { InternalError, StoreError } from '../../errors.ts'
import type { NewAction } from '../../model/action.ts'
import type { Catchup } from '../../model/policy.ts'
import type { CronFiringRow, CronRow, CronStats } from '../../model/schedule-rows.ts'
import { CANCEL_BATCHES } from '../sql/batch-sql.ts'
import * as sql from '../sql/cron-sql.ts'
import { KINDS_OF_FIRINGS, KINDS_OF_TRIGGERS } from '../sql/incident-sql.ts'
import { jsonOrEmpty, type Stored, storedTags, tagsJson } from '../store-rows.ts'
import { collectReplies, type RunStep, type Session, type Step, stepMethod } from '../store-session.ts'
import { ACTION_DONE, recordAction, recordActionIf } from './action-steps.ts'
import { insertAdmitted, insertExecutions } from './executions/creation.ts'
import { changeIncidents, endIncidentsOfRemoved } from './incidents/incident-steps.ts'
import { admit } from './limits/start-admission.ts'
import { placeAfter } from './row-places.ts'

/** Age from which a firing without an execution is lost. */
const LOST_AFTER_MS = 600_000

type CronFiringRecord = Stored<CronFiringRow, never, 'isLimited'>

interface CronOverrides {
  readonly catchup?: Catchup
}

interface FiredCron extends Pick<CronRow, 'triggerName'> {
  /** Whether an incident is open that a firing ends. */
  readonly hasIncident: boolean | number
}

interface CronRecord extends Stored<Omit<CronRow, 'catchup'>, 'tags', 'isEnabled'> {
  readonly catchup: Catchup | null
  /** JSON of `CronOverrides`, or null. */
  readonly overrides: string | null
}

export function cronStore(run: RunStep): CronStore {
  return {
    createCron: async (schedule, action) => {
      const isCreated = await run('accept', function* (session) {
        return recordActionIf(yield* insertCron(session, schedule), session, action)
      })
      if (isCreated) return
      const { workflow, instanceName } = schedule
      const message = `Workflow "${workflow}" already has an instance named "${instanceName}". Choose another name.`
      throw new StoreError('DUPLICATE_INSTANCE', message, { workflow })
    },
    saveTriggerCrons: stepMethod(run, 'write', saveTriggerCrons),
    listCrons: stepMethod(run, 'read', function* (session, page) {
      const { enabledOnly, triggersOnly = false, scheduledOnly = false, troubledOnly = false, limit, offset } = page
      const conditions = [enabledOnly, triggersOnly, scheduledOnly, troubledOnly, page.withoutReplaced ?? false]
      return (yield* session.all<CronRecord>(sql.LIST_CRONS, ...conditions, limit, offset)).map(cronRow)
    }),
    getCron: stepMethod(run, 'read', function* (session, id) {
      const record = yield* session.one<CronRecord>(sql.GET_CRON, id)
      return record === undefined ? null : cronRow(record)
    }),
    findCrons: stepMethod(run, 'read', findCrons),
    triggerCrons: stepMethod(run, 'read', function* (session, triggerNames) {
      const replies = triggerNames.map((name) => session.all<CronRecord>(sql.GET_TRIGGER_CRON, name))
      return (yield* collectReplies(replies)).flat().map(cronRow)
    }),
    updateCron: stepMethod(run, 'accept', function* (session, id, { expression, timezone, nextRunAt }, at, action) {
      const changed = yield* session.run(sql.UPDATE_CRON, expression, timezone, nextRunAt, at, id)
      return recordActionIf(changed === 1, session, action)
    }),
    overrideTriggerCron: stepMethod(run, 'accept', function* (session, triggerName, catchup, at, action) {
      const overrides = catchup === null ? null : JSON.stringify({ catchup } satisfies CronOverrides)
      const statement = 'UPDATE crons SET overrides = $1, updated_at = $2 WHERE trigger_name = $3'
      return recordActionIf((yield* session.run(statement, overrides, at, triggerName)) === 1, session, action)
    }),
    rescheduleCrons: stepMethod(run, 'write', function* (session, moves, at) {
      for (const { scheduleId, seenRunAt, nextRunAt } of moves) {
        const changed = yield* session.run(sql.RESCHEDULE_CRON, nextRunAt, at, scheduleId, seenRunAt)
        // A clock that was far ahead has fired the times from the earlier one on: they are due again.
        if (changed === 1 && nextRunAt !== null && nextRunAt < seenRunAt)
          session.run(sql.FORGET_SCHEDULE_TIMES, scheduleId, nextRunAt)
      }
    }),
    setCronEnabled: stepMethod(run, 'accept', function* (session, id, isEnabled, at, action) {
      const statement = 'UPDATE crons SET enabled = $1, updated_at = $2 WHERE id = $3'
      return recordActionIf((yield* session.run(statement, isEnabled, at, id)) === 1, session, action)
    }),
    deleteCron: stepMethod(run, 'accept', deleteCron),
    enabledCrons: stepMethod(run, 'read', function* (session) {
      return (yield* session.all<CronRecord>(sql.ENABLED_CRONS_BY_NEXT_RUN)).map(cronRow)
    }),
    claimCron: stepMethod(run, 'accept', claimCron),
    runCron: stepMethod(run, 'accept', runCron),
    listCronFirings: stepMethod(run, 'read', listCronFirings),
    lostCronFirings: stepMethod(run, 'read', lostCronFirings),
    recoverCronFiring: stepMethod(run, 'accept', recoverCronFiring),
    cronStats: stepMethod(run, 'read', cronStats),
  }
}

function cronRow({ overrides, tags, ...record }: CronRecord): CronRow {
  const { catchup = record.catchup ?? 'skip' }: CronOverrides = jsonOrEmpty(overrides)
  return { ...record, catchup, tags: storedTags(tags), isEnabled: Boolean(record.isEnabled) }
}

function cronFiringRow(record: CronFiringRecord): CronFiringRow {
  return { ...record, isLimited: Boolean(record.isLimited) }
}

/** Returns false if the workflow has an instance of this name. */
function* insertCron(session: Session, schedule: NewCronSchedule | NewTriggerCron): Step<boolean> {
  const { id, workflow, at, triggerName, instanceName, paramsText } = schedule
  const values = [id, workflow, ...timing(schedule), at, ...expectation(schedule)]
  values.push(triggerName, instanceName, paramsText)
  return (yield* session.run(sql.INSERT_CRON, ...values)) === 1
}

function timing({ expression, timezone, catchup, nextRunAt }: NewCronSchedule | NewTriggerCron) {
  return [expression, timezone, catchup === 'skip' ? null : catchup, nextRunAt]
}

function expectation({ expectFireMs, tags, priority }: Pick<CronRow, 'expectFireMs' | 'tags' | 'priority'>) {
  return [expectFireMs, tagsJson(tags), priority]
}

function* saveTriggerCron(session: Session, schedule: NewTriggerCron): Step<CronRow> {
  const { triggerName, workflow, at } = schedule
  if (!(yield* insertCron(session, schedule))) {
    session.run(sql.REFRESH_TRIGGER_CRON, workflow, ...timing(schedule), at, ...expectation(schedule), triggerName)
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

function* claimCron(session: Session, claim: CronClaim): Step<CronStart> {
  const { scheduleId, dueAt, nextRunAt, followingRunAt, firingId, at, execution, late } = claim
  const cron = yield* session.one<FiredCron>(sql.CLAIM_CRON, nextRunAt, at, scheduleId, dueAt)
  if (cron === undefined) return 'lost'
  if ((yield* session.run(sql.INSERT_SCHEDULE_TIME, dueAt, at, scheduleId)) === 0) {
    session.run(sql.RESCHEDULE_CRON, followingRunAt, at, scheduleId, nextRunAt)
    return 'lost'
  }
  const origin = { kind: 'cron', scheduleId, trigger: cron.triggerName, firingId } as const
  const admission = yield* admit(session, execution === null ? [] : [{ execution, origin, at }])
  const isLimited = admission.refused.size > 0
  const executionId = isLimited ? null : (execution?.id ?? null)
  session.run(sql.INSERT_CRON_FIRING, firingId, dueAt, at, executionId, scheduleId, isLimited)
  if (late !== undefined) yield* changeIncidents(session, [{ failure: late }])
  if (isLimited) return 'limited'
  if (execution === null) return 'claimed'
  yield* insertAdmitted(session, admission)
  if (cron.hasIncident) yield* endIncidents(session, [scheduleId, cron.triggerName], at, late !== undefined)
  return 'claimed'
}

function* runCron(session: Session, run: CronRun): Step<'started' | 'unknown' | LimitedStart> {
  const { scheduleId, firingId, at, execution, action } = run
  const cron = yield* session.one<Pick<CronRow, 'triggerName'>>(sql.FIND_TRIGGER_OF_CRON, scheduleId)
  if (cron === undefined) return 'unknown'
  const origin = { kind: 'cron', scheduleId, trigger: cron.triggerName, firingId } as const
  const admission = yield* admit(session, [{ execution, origin, at }])
  const refused = admission.refused.get(execution.id)
  if (refused !== undefined) return refused
  session.run(sql.INSERT_CRON_FIRING, firingId, at, at, execution.id, scheduleId, false)
  yield* insertAdmitted(session, admission)
  recordAction(session, { action, answer: ACTION_DONE })
  return 'started'
}

/** Ends incidents about a schedule or its trigger when it fires. `isLate`: except of those about late firings. */
function* endIncidents(session: Session, subjects: readonly (string | null)[], at: number, isLate = true): Step<void> {
  const kinds = isLate ? KINDS_OF_FIRINGS : KINDS_OF_TRIGGERS
  const fired = subjects.flatMap((subject) => subject ?? [])
  const successes = fired.map((subject) => ({ success: { kinds, subject, at, executionId: null } }))
  yield* changeIncidents(session, successes)
}

function* deleteCron(session: Session, id: string, at: number, action?: NewAction): Step<boolean> {
  // Before its row: a backfill that advances locks its own row first, and then that of the schedule.
  yield* session.run(CANCEL_BATCHES, at, id)
  const isDeleted = (yield* session.run('DELETE FROM crons WHERE id = $1', id)) === 1
  if (isDeleted) endIncidentsOfRemoved(session, id)
  return recordActionIf(isDeleted, session, action)
}

function* listCronFirings(
  session: Session,
  scheduleId: string,
  { limit, offset, after }: PageAfter,
): Step<readonly CronFiringRow[]> {
  const place = yield* placeAfter(session, 'SELECT claimed_at AS at, seq FROM cron_firings WHERE id = $1', after)
  if (place === null) return []
  const values = [scheduleId, place.at, place.seq, limit, offset]
  return (yield* session.all<CronFiringRecord>(sql.LIST_CRON_FIRINGS, ...values)).map(cronFiringRow)
}

function* lostCronFirings(
  session: Session,
  { notBeforeAt, olderThanAt, maxAttempts }: Parameters<CronStore['lostCronFirings']>[0],
): Step<readonly CronFiringRow[]> {
  const values = [notBeforeAt, olderThanAt, maxAttempts]
  return (yield* session.all<CronFiringRecord>(sql.LOST_CRON_FIRINGS, ...values)).map(cronFiringRow)
}

function* recoverCronFiring(
  session: Session,
  firingId: string,
  execution: NewExecution | null,
  at: number,
): Step<CronStart> {
  const recovered = [execution?.id ?? null, at, firingId]
  const cron = yield* session.one<FiredCron & Pick<CronRow, 'id'>>(sql.RECOVER_CRON_FIRING, ...recovered)
  if (cron === undefined) return 'lost'
  if (execution === null) return 'claimed'
  const origin = { kind: 'cron', scheduleId: cron.id, trigger: cron.triggerName, firingId } as const
  if ((yield* insertExecutions(session, [{ execution, origin, at }])).size > 0) {
    session.run(sql.LIMIT_CRON_FIRING, firingId)
    return 'limited'
  }
  if (cron.hasIncident) yield* endIncidents(session, [cron.id, cron.triggerName], at)
  return 'claimed'
}

function* cronStats(session: Session, sinceAt: number, at: number): Step<CronStats> {
  const stats = yield* session.one<CronStats>(sql.CRON_STATS, at - LOST_AFTER_MS, sinceAt)
  return stats ?? { total: 0, successful: 0, lost: 0 }
}

/** Steps of backfills and refires. See the methods of the port that have the same names. */

import type {
  BatchAdvance,
  BatchFilter,
  BatchStart,
  BatchStore,
  FiredTimes,
  NewBatch,
  StoredFiring,
} from '../../engine/batches/batch-store.ts'
import type { PageAfter } from '../../engine/store-ports.ts'
import type { NewAction } from '../../model/action.ts'
import type { ExecutionStatus } from '../../model/execution.ts'
import type { Batch, BatchCursor, BatchProgress, BatchStatus } from '../../model/schedule-rows.ts'
import * as sql from '../sql/batch-sql.ts'
import { INSERT_SCHEDULE_TIME, LIST_SCHEDULE_TIMES } from '../sql/cron-sql.ts'
import type { ExecutionRecord } from '../store-rows.ts'
import {
  collectReplies,
  type RunStep,
  type Session,
  type Step,
  stepMethod,
  toRows,
  type Value,
} from '../store-session.ts'
import { recordActionIf } from './action-steps.ts'
import { insertExecutions } from './executions/creation.ts'
import { placeAfter } from './row-places.ts'

interface BatchRecord extends Omit<BatchProgress, 'cursor'> {
  readonly kind: Batch['kind']
  readonly scheduleId: string | null
  readonly trigger: string | null
  readonly expression: string | null
  readonly timezone: string | null
  readonly again: boolean | number
  readonly executionStatus: ExecutionStatus | null
  readonly cursorAt: number
  readonly cursorSeq: number
}

interface AdvancedBatch {
  readonly scheduleId: string | null
  readonly again: boolean | number
}

interface FiringRecord extends BatchCursor {
  readonly id: string
  readonly executionId: string | null
}

export function batchStore(run: RunStep): BatchStore {
  return {
    create: stepMethod(run, 'accept', createBatch),
    find: stepMethod(run, 'read', function* (session, kind, prefix, limit) {
      const found = yield* session.all<BatchRecord>(sql.FIND_BATCHES, kind, prefix, `${prefix}\u{10FFFF}`, limit)
      return found.map(batch)
    }),
    list: stepMethod(run, 'read', listBatches),
    running: stepMethod(run, 'read', function* (session) {
      return (yield* session.all<BatchRecord>(sql.LIST_RUNNING_BATCHES)).map(batch)
    }),
    setStatus: stepMethod(run, 'accept', setStatus),
    // Alone: it locks the row of the batch and then those of times, in the order of the times.
    advance: stepMethod(run, 'accept', advance, 'alone'),
    complete: stepMethod(run, 'write', function* (session, id, { at: cursorAt, seq }, at) {
      return (yield* session.run(sql.COMPLETE_BATCH, id, cursorAt, seq, at)) === 1
    }),
    activeExecutions: stepMethod(run, 'read', function* (session, id) {
      const found = yield* session.all<{ readonly id: string }>(sql.LIST_ACTIVE_IN_BATCH, id)
      return found.map((each) => each.id)
    }),
    firedTimes: stepMethod(run, 'read', firedTimes),
    firingsAfter: stepMethod(run, 'read', firingsAfter),
  }
}

function batch(record: BatchRecord): Batch {
  const { kind, scheduleId, trigger, expression, timezone, again, executionStatus, cursorAt, cursorSeq, ...rest } =
    record
  const progress: BatchProgress = { ...rest, cursor: { at: cursorAt, seq: cursorSeq } }
  if (kind === 'refire') return { ...progress, kind, trigger: trigger ?? '', executionStatus }
  const timing = { expression: expression ?? '', timezone: timezone ?? '' }
  return { ...progress, kind, scheduleId: scheduleId ?? '', trigger, ...timing, again: Boolean(again) }
}

function* createBatch(session: Session, given: NewBatch, action: NewAction): Step<boolean> {
  const { id, kind, trigger, workflow, fromAt, toAt, maxActive, cursor, total, createdAt } = given
  const isBackfill = kind === 'backfill'
  const values: Value[] = [id, kind, isBackfill ? given.scheduleId : null, trigger, workflow]
  values.push(...(isBackfill ? [given.expression, given.timezone] : [null, null]), fromAt, toAt)
  values.push(isBackfill && given.again, isBackfill ? null : given.executionStatus, maxActive)
  values.push(cursor.at, cursor.seq, total, createdAt)
  const created = yield* session.run(sql.INSERT_BATCH, ...values)
  return recordActionIf(created === 1, session, action)
}

function* listBatches(
  session: Session,
  { kind, scheduleId, trigger }: BatchFilter,
  { limit, offset, after }: PageAfter,
): Step<readonly Batch[]> {
  const place = yield* placeAfter(session, sql.FIND_BATCH_PLACE, after)
  if (place === null) return []
  const values = [kind, scheduleId ?? null, trigger ?? null, place.seq, limit, offset]
  return (yield* session.all<BatchRecord>(sql.LIST_BATCHES, ...values)).map(batch)
}

function* setStatus(
  session: Session,
  id: string,
  from: readonly BatchStatus[],
  to: BatchStatus,
  at: number,
  action?: NewAction,
): Step<boolean> {
  const endedAt = to === 'cancelled' ? at : null
  const values = [id, to, endedAt, from.includes('running'), from.includes('paused')]
  return recordActionIf((yield* session.run(sql.SET_BATCH_STATUS, ...values)) === 1, session, action)
}

function* advance(session: Session, given: BatchAdvance): Step<readonly string[] | null> {
  const { batchId, seen, cursor, starts, leftOut, at } = given
  const values = [batchId, cursor.at, cursor.seq, seen.at, seen.seq, starts.length, leftOut]
  const row = yield* session.one<AdvancedBatch>(sql.ADVANCE_BATCH, ...values)
  if (row === undefined) return null
  const fresh = yield* freshStarts(session, row, starts, at)
  const late = starts.length - fresh.length
  if (late > 0) session.run(sql.LEAVE_OUT_STARTS, batchId, late)
  const creations = fresh.map(({ execution, origin }) => ({ execution, origin, at }))
  const limited = yield* insertExecutions(session, creations)
  if (limited.size > 0) session.run(sql.LEAVE_OUT_STARTS, batchId, limited.size)
  return fresh.flatMap(({ execution: { id } }) => (limited.has(id) ? [] : id))
}

/** Stores the times of the starts. Returns the starts without those whose time has another firing. */
function* freshStarts(
  session: Session,
  { scheduleId, again }: AdvancedBatch,
  starts: readonly BatchStart[],
  at: number,
): Step<readonly BatchStart[]> {
  const replies = starts.flatMap(({ scheduledAt }) =>
    scheduledAt === null ? [] : [session.run(INSERT_SCHEDULE_TIME, scheduledAt, at, scheduleId)],
  )
  const stored = yield* collectReplies(replies)
  return starts.filter(({ scheduledAt }, index) => scheduledAt === null || again || stored[index] === 1)
}

function* firedTimes(
  session: Session,
  scheduleId: string,
  fromAt: number,
  untilAt: number,
  limit: number,
): Step<FiredTimes> {
  const known = session.one<{ readonly at: number | null }>(
    'SELECT times_known_from AS at FROM crons WHERE id = $1',
    scheduleId,
  )
  const times = session.all<{ readonly at: number }>(LIST_SCHEDULE_TIMES, scheduleId, fromAt, untilAt, limit)
  return { knownFromAt: (yield* known)?.at ?? null, times: (yield* times).map(({ at }) => at) }
}

function* firingsAfter(
  session: Session,
  trigger: string,
  after: BatchCursor,
  untilAt: number,
  limit: number,
): Step<readonly StoredFiring[]> {
  const values = [trigger, untilAt, after.at, after.seq, limit]
  const firings = yield* session.all<FiringRecord>(sql.LIST_FIRINGS_AFTER, ...values)
  const ids = firings.flatMap(({ executionId }) => executionId ?? [])
  const records = yield* session.allEach<ExecutionRecord>(session.sql.executions.getExecutions, toRows(ids))
  const byId = new Map(records.map((record) => [record.id, record]))
  return firings.map(({ id, at, seq, executionId }) => {
    const { workflow, status } = byId.get(executionId ?? '') ?? {}
    const isStored = executionId !== null && workflow !== undefined && status !== undefined
    return { id, cursor: { at, seq }, execution: isStored ? { id: executionId, workflow, status } : null }
  })
}

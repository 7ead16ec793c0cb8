/**
 * Steps that record polls. The open run of skips is stored in the row of its trigger; the next other outcome, or a skip
 * with another reason, closes the run and stores it as a tick.
 */

import type { FailedTick, FailedTickResult, FiredTick, FiredTickResult, PollRecord } from '../../engine/ports.ts'
import { StoreError } from '../../errors.ts'
import type { PythonFault } from '../../model/fault.ts'
import { failuresNote, limitedReason, UNCHANGED_REASON } from '../../model/policy.ts'
import type { TickOutcome } from '../../model/schedule.ts'
import { faultText } from '../rows.ts'
import type { Session, Step } from '../session.ts'
import type { SkipRun, SkipRuns } from '../skip-buffer.ts'
import * as sql from '../sql/triggers.ts'
import { recordAction } from './actions.ts'
import { insertExecutions } from './executions/creation.ts'

interface PolledTrigger {
  readonly seq: number
  readonly lease_number: number
  readonly is_firing: boolean | number
  readonly failures_in_row: number
  readonly skip_count: number
}

interface ActiveFiring {
  readonly id: string
  readonly execution_id: string
}

interface RunOfSkips {
  readonly trigger: string
  readonly run: SkipRun
}

/** Drops skips of a trigger that is not in the database: nothing could show them. */
export function* writeSkips(session: Session, runs: SkipRuns): Step<void> {
  const most = Math.max(0, ...[...runs.values()].map((runsOfTrigger) => runsOfTrigger.length))
  for (let round = 0; round < most; round++) {
    const ofRound = [...runs].flatMap(([trigger, { [round]: run }]) => (run === undefined ? [] : { trigger, run }))
    yield* writeSkipRuns(session, ofRound)
  }
}

/** Writes one run of each trigger. */
function* writeSkipRuns(session: Session, runs: readonly RunOfSkips[]): Step<void> {
  const isExtended = yield* extendSkips(session, runs)
  const others = runs.filter((_, index) => !isExtended[index])
  if (others.length === 0) return
  for (const { trigger } of others) endSkips(session, trigger)
  extendSkips(session, others)
}

function extendSkips(session: Session, runs: readonly RunOfSkips[]) {
  const rows = runs.map(({ trigger, run }) => {
    const { firstAt, lastAt, count, latenessMs, durationMs, reason, log = null, isFiring } = run
    return [trigger, session.newId(), firstAt, lastAt, count, latenessMs, durationMs, reason, log, isFiring]
  })
  return session.eachHit(session.sql.triggers.extendSkips, rows)
}

function endSkips(session: Session, trigger: string): void {
  session.run(sql.CLOSE_SKIPS, trigger)
  session.run(sql.END_SKIPS, trigger)
}

export function* recordFired(session: Session, tick: FiredTick): Step<FiredTickResult> {
  const result = yield* fire(session, tick)
  if (tick.recorded !== undefined) recordAction(session, tick.recorded.action, tick.recorded.answer(result))
  return result
}

function* fire(session: Session, tick: FiredTick): Step<FiredTickResult> {
  const trigger = yield* lockedTrigger(session, tick.trigger)
  if (tick.lease !== null && tick.lease !== trigger.lease_number) return { kind: 'lost' }
  if (tick.onChange && trigger.is_firing) {
    const run = { ...tick, reason: UNCHANGED_REASON, isFiring: true, firstAt: tick.at, lastAt: tick.at, count: 1 }
    yield* writeSkipRuns(session, [{ trigger: tick.trigger, run }])
    return { kind: 'unchanged' }
  }
  const { seq } = trigger
  const finding = tick.allowConcurrent ? null : session.one<ActiveFiring>(sql.FIND_ACTIVE_FIRING, seq, tick.contextHash)
  const limit = yield* limitReached(session, seq, tick)
  const active = finding === null ? undefined : yield* finding
  if (trigger.skip_count > 0) endSkips(session, tick.trigger)
  if (tick.byHand === null) session.run(sql.SET_LAST_POLL, tick.at, active !== undefined || limit === null, seq)
  const reason = tick.byHand
  if (active !== undefined) {
    const { id: firingId, execution_id: executionId } = active
    insertTick(session, seq, { ...tick, reason, outcome: 'duplicate', firingId, executionId })
    return { kind: 'duplicate', executionId }
  }
  if (limit !== null) {
    insertTick(session, seq, { ...tick, reason: limit.reason, outcome: 'limited', firingId: null })
    return { kind: 'limited', active: limit.active }
  }
  insertTick(session, seq, { ...tick, reason, outcome: 'fired', executionId: tick.execution?.id ?? null })
  yield* insertFiring(session, seq, tick)
  return { kind: 'started' }
}

function* insertFiring(session: Session, triggerSeq: number, tick: FiredTick): Step<void> {
  const { execution, firingId, trigger, at, contextHash } = tick
  const { insertFiring, insertActiveFiring } = session.sql.triggers
  if (execution === null) {
    session.run(insertFiring, firingId, triggerSeq, contextHash, at)
    return
  }
  session.run(insertActiveFiring, firingId, triggerSeq, contextHash, execution.id, at)
  yield* insertExecutions(session, [{ execution, origin: { kind: 'trigger', trigger, firingId }, at }])
}

/** Returns null if another execution may start. */
function* limitReached(session: Session, triggerSeq: number, { maxActive }: FiredTick) {
  if (maxActive === null) return null
  const statement = 'SELECT count(*) AS active FROM active_firings WHERE trigger_seq = $1'
  const counted = yield* session.one<{ readonly active: number }>(statement, triggerSeq)
  const active = counted?.active ?? 0
  return active < maxActive ? null : { active, reason: limitedReason(maxActive, active) }
}

export function* recordFailed(session: Session, tick: FailedTick): Step<FailedTickResult> {
  const { seq, lease_number, failures_in_row, skip_count } = yield* lockedTrigger(session, tick.trigger)
  if (tick.lease !== null && tick.lease !== lease_number) return { kind: 'lost' }
  if (skip_count > 0) endSkips(session, tick.trigger)
  session.run('UPDATE triggers SET failures_in_row = failures_in_row + 1 WHERE seq = $1', seq)
  insertTick(session, seq, { ...tick, firingId: null })
  const failures = failures_in_row + 1
  if (tick.pauseAfter === null || failures < tick.pauseAfter) return { kind: 'recorded' }
  const note = failuresNote(failures, tick.error.message)
  session.run('UPDATE triggers SET enabled = false, note = $1, updated_at = $2 WHERE seq = $3', note, tick.at, seq)
  return { kind: 'paused', note }
}

interface NewTick extends PollRecord {
  readonly at: number
  readonly outcome: TickOutcome
  readonly reason?: string | null
  readonly firingId: string | null
  readonly executionId?: string | null
  readonly error?: PythonFault
}

function insertTick(session: Session, triggerSeq: number, tick: NewTick): void {
  const { at, outcome, latenessMs, durationMs, reason = null, firingId, executionId = null, error = null } = tick
  const poll = [latenessMs, durationMs, reason, firingId, executionId, faultText(error), tick.log ?? null]
  session.run(sql.INSERT_TICK, session.newId(), triggerSeq, outcome, at, ...poll)
}

/** Locks the trigger until the commit, so that the firings of one trigger are decided one after the other. */
function* lockedTrigger(session: Session, trigger: string): Step<PolledTrigger> {
  const record = yield* session.one<PolledTrigger>(session.sql.triggers.lockForPoll, trigger)
  if (record !== undefined) return record
  throw new StoreError('DATABASE_FAILED', `Trigger "${trigger}" is not in the database: call saveTriggers first.`, {
    trigger,
  })
}

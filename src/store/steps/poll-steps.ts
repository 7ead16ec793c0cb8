/**
 * Steps that record polls. The open run of skips is stored in the row of its trigger; the next other outcome, or a skip
 * with another reason, closes the run and stores it as a tick.
 */

import type { IncidentReport } from '../../engine/incidents/incident-report.ts'
import type * as port from '../../engine/store-ports.ts'
import type * as polls from '../../engine/triggers/poll-records.ts'
import { StoreError } from '../../errors.ts'
import type { NewAction } from '../../model/action.ts'
import type { AlertKind } from '../../model/alert.ts'
import type { PythonFault } from '../../model/fault.ts'
import { failuresNote } from '../../model/policy.ts'
import type { TickRow } from '../../model/schedule-rows.ts'
import { POLLS_WRITTEN_WITHIN_MS } from '../../model/trigger.ts'
import type { SkipRun, SkipRuns } from '../skip-buffer.ts'
import { KINDS_OF_POLLS, LIST_OPEN_OF_POLLS } from '../sql/incident-sql.ts'
import * as sql from '../sql/trigger-sql.ts'
import { faultText } from '../store-rows.ts'
import type { Session, Step } from '../store-session.ts'
import { ACTION_DONE, recordAction } from './action-steps.ts'
import { changeIncidents, type IncidentChange } from './incidents/incident-steps.ts'
import { findConflict, isStateChange, savePolledState } from './trigger-state-steps.ts'

export interface PolledRow {
  readonly seq: number
  readonly lease_number: number
  readonly enabled: boolean | number
  readonly is_firing: boolean | number
  readonly failures_in_row: number
  readonly skip_count: number
  /** Whether an incident is open that a poll or a firing ends. */
  readonly has_incident: boolean | number
}

interface OpenIncident {
  readonly kind: AlertKind
  readonly subject: string
  readonly lastAt: number
}

interface RunOfSkips {
  readonly trigger: string
  readonly run: SkipRun
}

/** Stores runs of skips. Drops skips of a trigger that is not in the database: nothing could show them. */
export function* writeSkips(session: Session, runs: SkipRuns): Step<void> {
  if (runs.size === 0) return
  const open = session.all<OpenIncident>(LIST_OPEN_OF_POLLS)
  const most = Math.max(...[...runs.values()].map((runsOfTrigger) => runsOfTrigger.length))
  for (let round = 0; round < most; round++) {
    const ofRound = [...runs].flatMap(([trigger, { [round]: run }]) => (run === undefined ? [] : { trigger, run }))
    yield* writeSkipRuns(session, ofRound)
  }
  yield* changeIncidents(session, endedBySkips(runs, yield* open))
}

/** Skips may have been buffered before the failure was stored: these end no incident. */
function endedBySkips(runs: SkipRuns, open: readonly OpenIncident[]): readonly IncidentChange[] {
  return open.flatMap(({ kind, subject, lastAt }): IncidentChange[] => {
    const at = runs.get(subject)?.at(-1)?.lastAt
    if (at === undefined || (at < lastAt && lastAt - at <= POLLS_WRITTEN_WITHIN_MS)) return []
    return [{ success: { kinds: [kind], subject, at, executionId: null } }]
  })
}

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

export function endSkips(session: Session, trigger: string): void {
  session.run(sql.CLOSE_SKIPS, trigger)
  session.run(sql.END_SKIPS, trigger)
}

export function writeSkip(session: Session, skip: polls.SkippedTick): Step<void> {
  const run = { ...skip, firstAt: skip.at, lastAt: skip.at, count: 1 }
  return writeSkipRuns(session, [{ trigger: skip.trigger, run }])
}

/** A skip that changes the state is a tick of its own. */
export function* recordSkip(session: Session, skip: port.StoredSkip): Step<port.StoredSkipResult> {
  const { trigger: name, at, polledState, recorded } = skip
  const trigger = yield* lockedTrigger(session, name)
  const lease = polledState?.lease ?? null
  if (lease !== null && lease !== trigger.lease_number) return { kind: 'lost' }
  const conflict = yield* findConflict(session, trigger.seq, polledState)
  if (conflict !== null) return conflict
  if (isStateChange(polledState)) {
    if (trigger.skip_count > 0) endSkips(session, name)
    session.run(sql.SET_LAST_POLL, at, false, trigger.seq)
    insertTick(session, trigger.seq, { ...skip, outcome: 'skipped', firingId: null })
    savePolledState(session, trigger.seq, polledState, at)
  } else {
    yield* writeSkip(session, skip)
  }
  yield* endIncidents(session, trigger, KINDS_OF_POLLS, skip)
  recordAction(session, recorded)
  return { kind: 'recorded' }
}

export function* endIncidents(
  session: Session,
  { has_incident, failures_in_row }: PolledRow,
  kinds: readonly AlertKind[],
  { trigger: subject, at }: { readonly trigger: string; readonly at: number },
): Step<void> {
  // On PostgreSQL, an incident is not visible if its failure was stored while this step waited for the trigger.
  if (!(has_incident || failures_in_row > 0) || kinds.length === 0) return
  yield* changeIncidents(session, [{ success: { kinds, subject, at, executionId: null } }])
}

export function* recordFailed(session: Session, tick: port.FailedTick): Step<port.FailedTickResult> {
  const { seq, lease_number, enabled, failures_in_row, skip_count } = yield* lockedTrigger(session, tick.trigger)
  if (tick.lease !== null && tick.lease !== lease_number) return { kind: 'lost' }
  recordAction(session, tick.recorded)
  if (skip_count > 0) endSkips(session, tick.trigger)
  const failures = failures_in_row + 1
  session.run(sql.COUNT_FAILURE, failures, seq)
  insertTick(session, seq, { ...tick, firingId: null })
  // The failure of a trigger that is disabled already must not replace the note of the person who disabled it.
  const isPaused = Boolean(enabled) && tick.pauseAfter !== null && failures >= tick.pauseAfter
  yield* changeIncidents(session, failedIncidents(tick, failures, isPaused))
  if (!isPaused) return { kind: 'recorded' }
  const note = failuresNote(failures, tick.error.message)
  session.run('UPDATE triggers SET enabled = false, note = $1, updated_at = $2 WHERE seq = $3', note, tick.at, seq)
  recordAction(session, { action: disabledByEngine(session, tick, note), answer: ACTION_DONE })
  return { kind: 'paused', note }
}

function disabledByEngine(session: Session, { trigger, at }: port.FailedTick, note: string): NewAction {
  return { id: session.newId(), kind: 'disable', target: trigger, source: 'engine', note, argumentsText: null, at }
}

/** A trigger that is disabled has one message: it also reports the failures to the receivers that it has. */
function failedIncidents(
  { failing, disabled }: port.FailedTick,
  failures: number,
  isPaused: boolean,
): readonly IncidentChange[] {
  const failed = reportedFailure(failing, failures)
  if (!isPaused || disabled === undefined) return failed === null ? [] : [{ failure: failed }]
  if (failed === null) return [{ failure: disabled }]
  const isReported = failed.targets.every(({ receiver, to }) =>
    disabled.targets.some((target) => target.receiver === receiver && target.to === to),
  )
  return [isReported ? { absorbed: failed } : { failure: failed }, { failure: disabled }]
}

/** Returns the report of a failure, or null if too few failures preceded it. */
export function reportedFailure(failing: port.RepeatedFailure | undefined, failures: number): IncidentReport | null {
  return failing !== undefined && failures >= failing.failuresInRow ? failing.report : null
}

type NewTick = polls.PollRecord &
  Pick<TickRow, 'outcome' | 'firingId'> &
  Partial<Pick<TickRow, 'reason' | 'executionId' | 'firings' | 'duplicates'>> & {
    readonly at: number
    readonly error?: PythonFault
    readonly polledState?: polls.PolledState
  }

export function insertTick(session: Session, triggerSeq: number, tick: NewTick): void {
  const { at, outcome, latenessMs, durationMs, reason = null, firingId, executionId = null, error = null } = tick
  const { firings = 0, duplicates = 0, polledState } = tick
  const poll = [latenessMs, durationMs, reason, firingId, executionId, faultText(error), tick.log ?? null]
  const states = isStateChange(polledState) ? [polledState.beforeText, polledState.afterText] : [null, null]
  session.run(sql.INSERT_TICK, session.newId(), triggerSeq, outcome, at, ...poll, firings, duplicates, ...states)
}

/** Locks the trigger until the commit, so that the firings of one trigger are decided one after the other. */
export function* lockedTrigger(session: Session, trigger: string): Step<PolledRow> {
  const record = yield* session.one<PolledRow>(session.sql.triggers.lockForPoll, trigger)
  if (record !== undefined) return record
  throw new StoreError('DATABASE_FAILED', `Trigger "${trigger}" is not in the database: call saveTriggers first.`, {
    trigger,
  })
}

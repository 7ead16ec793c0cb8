/**
 * What happens to triggers, their firings and their ticks. Each function is the body of one step and runs in its transaction. The run of
 * skips that is still open lives in the trigger's row; any other outcome closes it into `ticks`.
 */

import type {
  FailedTick,
  FailedTickResult,
  FiredTick,
  FiredTickResult,
  LeasedTriggers,
  Page,
  PageAfter,
  PollRecord,
  TriggerDeclaration,
  TriggerLease,
} from '../../engine/ports.ts'
import { StoreError } from '../../errors.ts'
import type { PythonFault } from '../../model/fault.ts'
import { failuresNote, limitedReason, type TriggerOverrides, UNCHANGED_REASON } from '../../model/policy.ts'
import type { FiringRow, TickOutcome } from '../../model/schedule.ts'
import { type FiringRecord, faultText, firingRow, overridesText, policyText, type TriggerRecord } from '../rows.ts'
import type { SkipRun, SkipRuns } from '../skip-buffer.ts'
import { movesOf } from '../trigger-shares.ts'
import { insertExecutions } from './executions/execution-steps.ts'
import { recordAction } from './history/action-steps.ts'
import { DECLARE_DEAD, LIST_ANNOUNCED_TRIGGERS } from './instance-queries.ts'
import { instanceSeqOrThrow } from './instance-steps.ts'
import type { Session } from './session/session.ts'
import {
  CLOSE_SKIPS,
  COUNT_ACTIVE_FIRINGS,
  COUNT_FAILURE,
  END_SKIPS,
  EXTEND_SKIPS,
  FIND_ACTIVE_FIRING,
  FIND_FIRING,
  GET_TRIGGERS,
  INSERT_ACTIVE_FIRING,
  INSERT_FIRING,
  INSERT_TICK,
  LEASE_TRIGGERS,
  LIST_FIRINGS,
  LIST_LEASES,
  LIST_OWN_LEASES,
  LIST_TRIGGERS,
  LOCK_OVERRIDES,
  LOCK_TRIGGER,
  PAUSE_TRIGGER,
  RELEASE_TRIGGERS,
  SAVE_TRIGGERS,
  SET_LAST_POLL,
  SET_OVERRIDES,
  SET_TRIGGER_ENABLED,
} from './trigger-queries.ts'

interface LockedTrigger {
  readonly seq: number
  readonly lease_number: number
  readonly is_firing: boolean
  readonly failures_in_row: number
  readonly skip_count: number
}

interface HeldRecord {
  readonly name: string
  readonly lease_seq: number | null
}

interface AnnouncedRecord {
  readonly instance_seq: number
  readonly name: string
}

interface ActiveFiring {
  readonly id: string
  readonly execution_id: string
}

export async function saveTriggers(
  session: Session,
  triggers: readonly TriggerDeclaration[],
  at: number,
): Promise<readonly TriggerRecord[]> {
  // Of two of one name the later counts; one statement may not change a row twice.
  const declared = [...new Map(triggers.map((trigger) => [trigger.name, trigger])).values()]
  const [, records] = await Promise.all([
    session.run(
      SAVE_TRIGGERS,
      declared.map(() => session.newId()),
      declared.map(({ name }) => name),
      declared.map(({ workflow }) => workflow),
      declared.map(({ pollIntervalMs }) => pollIntervalMs),
      declared.map(({ allowConcurrent }) => allowConcurrent),
      declared.map(({ policy }) => policyText(policy)),
      at,
    ),
    session.all<TriggerRecord>(
      GET_TRIGGERS,
      triggers.map(({ name }) => name),
    ),
  ])
  return records
}

/** The leases that the instance holds after taking those of its share; see the port. */
export async function leaseTriggers(
  session: Session,
  instanceId: string,
  names: readonly string[],
  deadSeqs: readonly number[],
): Promise<LeasedTriggers> {
  const own = await instanceSeqOrThrow(session, instanceId)
  const dead = new Set(deadSeqs)
  const [held, others] = await Promise.all([
    session.all<HeldRecord>(LIST_LEASES),
    session.all<AnnouncedRecord>(LIST_ANNOUNCED_TRIGGERS, own, deadSeqs),
  ])
  const namesOf = Map.groupBy(others, ({ instance_seq }) => instance_seq)
  const instances = [
    { seq: own, names: new Set(names) },
    ...[...namesOf].map(([seq, records]) => ({ seq, names: new Set(records.map(({ name }) => name)) })),
  ]
  const shared = held.map(({ name, lease_seq }) => {
    return { name, holder: lease_seq === null || dead.has(lease_seq) ? null : lease_seq }
  })
  const { take, surplus } = movesOf(own, shared, instances)
  const taken = take.length > 0 && session.run(LEASE_TRIGGERS, take, deadSeqs, own)
  const formers = held.flatMap(({ name, lease_seq }) => (lease_seq !== null && take.includes(name) ? lease_seq : []))
  if (formers.length > 0) await session.run(DECLARE_DEAD, formers)
  const [leases] = await Promise.all([session.all<TriggerLease>(LIST_OWN_LEASES, own), taken])
  const byName = new Map(leases.map((lease) => [lease.trigger, lease]))
  return { held: names.flatMap((name) => byName.get(name) ?? []), surplus }
}

/** Other engines wait for them. */
export async function releaseTriggers(session: Session, instanceId: string, names: readonly string[]): Promise<void> {
  await session.run(RELEASE_TRIGGERS, names, await instanceSeqOrThrow(session, instanceId))
  session.tell()
}

export function listTriggers(
  session: Session,
  page: Page & { readonly enabledOnly: boolean },
): Promise<readonly TriggerRecord[]> {
  return session.all<TriggerRecord>(LIST_TRIGGERS, page.enabledOnly, page.limit, page.offset)
}

export async function getTrigger(session: Session, name: string): Promise<TriggerRecord | null> {
  return (await session.one<TriggerRecord>(GET_TRIGGERS, [name])) ?? null
}

/** False when there is no such trigger. */
export async function setTriggerEnabled(
  session: Session,
  name: string,
  isEnabled: boolean,
  note: string | null,
  at: number,
): Promise<boolean> {
  return (await session.run(SET_TRIGGER_ENABLED, isEnabled, note, at, name)) === 1
}

/** Adds to what was set before, or resets all. False when there is no such trigger. */
export async function overrideTrigger(
  session: Session,
  name: string,
  overrides: TriggerOverrides | null,
  at: number,
): Promise<boolean> {
  const record = await session.one<{ readonly overrides: string | null }>(LOCK_OVERRIDES, name)
  if (record === undefined) return false
  const before = overrides === null || record.overrides === null ? {} : (JSON.parse(record.overrides) as object)
  await session.run(SET_OVERRIDES, overridesText({ ...before, ...overrides }), at, name)
  return true
}

/** Skips of a trigger that is not in the database are dropped: nothing could show them. */
export async function writeSkips(session: Session, runs: SkipRuns): Promise<void> {
  const most = Math.max(0, ...[...runs.values()].map((runsOfTrigger) => runsOfTrigger.length))
  for (let round = 0; round < most; round++) {
    const ofRound = [...runs].flatMap(([trigger, { [round]: run }]) => (run === undefined ? [] : { trigger, run }))
    await writeSkipRuns(session, ofRound)
  }
}

interface SkipRunOf {
  readonly trigger: string
  readonly run: SkipRun
}

/** One run of each trigger. */
async function writeSkipRuns(session: Session, runs: readonly SkipRunOf[]): Promise<void> {
  const extended = new Set(await extendSkips(session, runs))
  const others = runs.filter(({ trigger }) => !extended.has(trigger))
  if (others.length === 0) return
  const ended = endSkips(
    session,
    others.map(({ trigger }) => trigger),
  )
  await Promise.all([...ended, extendSkips(session, others)])
}

async function extendSkips(session: Session, runs: readonly SkipRunOf[]): Promise<readonly string[]> {
  const column = <Value>(of: (run: SkipRun) => Value) => runs.map(({ run }) => of(run))
  const records = await session.all<{ readonly name: string }>(
    EXTEND_SKIPS,
    runs.map(({ trigger }) => trigger),
    runs.map(() => session.newId()),
    column(({ firstAt }) => firstAt),
    column(({ lastAt }) => lastAt),
    column(({ count }) => count),
    column(({ latenessMs }) => latenessMs),
    column(({ durationMs }) => durationMs),
    column(({ reason }) => reason),
    column(({ log = null }) => log),
    column(({ isFiring }) => isFiring),
  )
  return records.map(({ name }) => name)
}

function endSkips(session: Session, triggers: readonly string[]): readonly Promise<unknown>[] {
  return [session.run(CLOSE_SKIPS, triggers), session.run(END_SKIPS, triggers)]
}

export async function recordFired(session: Session, tick: FiredTick): Promise<FiredTickResult> {
  const result = await fire(session, tick)
  if (tick.recorded !== undefined) await recordAction(session, tick.recorded.action, tick.recorded.answer(result))
  return result
}

async function fire(session: Session, tick: FiredTick): Promise<FiredTickResult> {
  const trigger = await lockedTriggerOrThrow(session, tick.trigger)
  if (tick.lease !== null && tick.lease !== trigger.lease_number) return { kind: 'lost' }
  if (tick.onChange && trigger.is_firing) {
    const run = { ...tick, reason: UNCHANGED_REASON, isFiring: true, firstAt: tick.at, lastAt: tick.at, count: 1 }
    await writeSkipRuns(session, [{ trigger: tick.trigger, run }])
    return { kind: 'unchanged' }
  }
  const { seq } = trigger
  const [active, limit] = await Promise.all([
    tick.allowConcurrent ? undefined : session.one<ActiveFiring>(FIND_ACTIVE_FIRING, seq, tick.contextHash),
    limitReached(session, seq, tick),
  ])
  const isLimited = active === undefined && limit !== null
  const writes: Promise<unknown>[] = trigger.skip_count > 0 ? [...endSkips(session, [tick.trigger])] : []
  if (tick.byHand === null) writes.push(session.run(SET_LAST_POLL, tick.at, !isLimited, seq))
  const [result, recorded] = decided(session, seq, tick, active, limit)
  await Promise.all([...writes, ...recorded])
  return result
}

function decided(
  session: Session,
  seq: number,
  tick: FiredTick,
  active: ActiveFiring | undefined,
  limit: { readonly active: number; readonly reason: string } | null,
): [FiredTickResult, readonly Promise<unknown>[]] {
  const reason = tick.byHand
  if (active !== undefined) {
    const { id: firingId, execution_id: executionId } = active
    const inserted = insertTick(session, seq, { ...tick, reason, outcome: 'duplicate', firingId, executionId })
    return [{ kind: 'duplicate', executionId }, [inserted]]
  }
  if (limit !== null) {
    const inserted = insertTick(session, seq, { ...tick, reason: limit.reason, outcome: 'limited', firingId: null })
    return [{ kind: 'limited', active: limit.active }, [inserted]]
  }
  return [
    { kind: 'started' },
    [
      insertTick(session, seq, { ...tick, reason, outcome: 'fired', executionId: tick.execution?.id ?? null }),
      ...insertFiring(session, seq, tick),
    ],
  ]
}

function insertFiring(session: Session, triggerSeq: number, tick: FiredTick): readonly Promise<unknown>[] {
  const { execution, firingId, trigger, at, contextHash } = tick
  if (execution === null) return [session.run(INSERT_FIRING, firingId, triggerSeq, contextHash, at)]
  return [
    session.run(INSERT_ACTIVE_FIRING, firingId, triggerSeq, contextHash, execution.id, at),
    insertExecutions(session, [{ execution, origin: { kind: 'trigger', trigger, firingId }, at }]),
  ]
}

/** Null while another execution may start. */
async function limitReached(session: Session, triggerSeq: number, { maxActive }: FiredTick) {
  if (maxActive === null) return null
  const counted = await session.one<{ readonly active: number }>(COUNT_ACTIVE_FIRINGS, triggerSeq)
  const active = counted?.active ?? 0
  return active < maxActive ? null : { active, reason: limitedReason(maxActive, active) }
}

export async function recordFailed(session: Session, tick: FailedTick): Promise<FailedTickResult> {
  const { seq, lease_number, failures_in_row, skip_count } = await lockedTriggerOrThrow(session, tick.trigger)
  if (tick.lease !== null && tick.lease !== lease_number) return { kind: 'lost' }
  const failures = failures_in_row + 1
  const isPaused = tick.pauseAfter !== null && failures >= tick.pauseAfter
  const note = failuresNote(failures, tick.error.message)
  await Promise.all([
    ...(skip_count > 0 ? endSkips(session, [tick.trigger]) : []),
    session.run(COUNT_FAILURE, seq),
    insertTick(session, seq, { ...tick, firingId: null }),
    isPaused && session.run(PAUSE_TRIGGER, note, tick.at, seq),
  ])
  return isPaused ? { kind: 'paused', note } : { kind: 'recorded' }
}

export async function listFirings(
  session: Session,
  trigger: string,
  { limit, offset, after }: PageAfter,
): Promise<readonly FiringRow[]> {
  const place =
    after === undefined
      ? null
      : await session.one<{ readonly fired_at: number; readonly seq: number }>(FIND_FIRING, after)
  if (place === undefined) return []
  const behind = [place?.fired_at ?? null, place?.seq ?? null]
  return (await session.all<FiringRecord>(LIST_FIRINGS, trigger, limit, offset, ...behind)).map(firingRow)
}

interface NewTick extends PollRecord {
  readonly at: number
  readonly outcome: TickOutcome
  readonly reason?: string | null
  readonly firingId: string | null
  readonly executionId?: string | null
  readonly error?: PythonFault
}

function insertTick(session: Session, triggerSeq: number, tick: NewTick): Promise<unknown> {
  const {
    at,
    outcome,
    latenessMs,
    durationMs,
    reason = null,
    firingId,
    executionId = null,
    error = null,
    log = null,
  } = tick
  const told = [latenessMs, durationMs, reason, firingId, executionId, faultText(error), log]
  return session.run(INSERT_TICK, session.newId(), triggerSeq, outcome, at, ...told)
}

async function lockedTriggerOrThrow(session: Session, trigger: string): Promise<LockedTrigger> {
  const record = await session.one<LockedTrigger>(LOCK_TRIGGER, trigger)
  if (record !== undefined) return record
  throw new StoreError('DATABASE_FAILED', `Trigger "${trigger}" is not in the database: call saveTriggers first.`, {
    trigger,
  })
}

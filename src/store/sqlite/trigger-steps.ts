/**
 * What happens to triggers, their firings and their ticks. Each function is the body of one step and runs in its
 * transaction. The run of skips that is still open lives in the trigger's row; any other outcome closes it into `ticks`.
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
} from '../../engine/ports.ts'
import { StoreError } from '../../errors.ts'
import type { PythonFault } from '../../model/fault.ts'
import { failuresNote, limitedReason, type TriggerOverrides, UNCHANGED_REASON } from '../../model/policy.ts'
import type { FiringRow, TickOutcome } from '../../model/schedule.ts'
import { type FiringRecord, faultText, firingRow, overridesText, policyText, type TriggerRecord } from '../rows.ts'
import type { SkipRun, SkipRuns } from '../skip-buffer.ts'
import { type Instance, movesOf } from '../trigger-shares.ts'
import { insertExecution } from './executions/execution-steps.ts'
import type { Connection } from './file/connection.ts'
import type { HeldLeases } from './held-leases.ts'
import { recordAction } from './history/action-steps.ts'
import { DECLARE_DEAD, LIST_ANNOUNCED_TRIGGERS } from './instance-queries.ts'
import { instanceSeqOrThrow } from './instance-steps.ts'
import { mergedPage } from './merged-page.ts'
import {
  CLOSE_SKIPS,
  COUNT_ACTIVE_FIRINGS,
  COUNT_FAILURE,
  END_SKIPS,
  EXTEND_SKIPS,
  FIND_ACTIVE_FIRING,
  FIND_FIRING,
  FIND_TRIGGER,
  GET_TRIGGER,
  INSERT_ACTIVE_FIRING,
  INSERT_FIRING,
  INSERT_TICK,
  LEASE_TRIGGER,
  LIST_ACTIVE_FIRINGS,
  LIST_ENABLED_TRIGGERS,
  LIST_FIRINGS,
  LIST_LEASES,
  LIST_TRIGGERS,
  PAUSE_TRIGGER,
  RELEASE_TRIGGER,
  SAVE_TRIGGER,
  SET_LAST_POLL,
  SET_LIMITED_POLL,
  SET_OVERRIDES,
  SET_TRIGGER_ENABLED,
} from './trigger-queries.ts'

interface FoundTrigger {
  readonly seq: number
  readonly lease_number: number
  readonly is_firing: number
  readonly failures_in_row: number
}

interface ActiveFiring {
  readonly id: string
  readonly execution_id: string
}

interface FiringPlace {
  readonly fired_at: number
  readonly seq: number
}

type ListedFiring = Omit<FiringRecord, 'trigger_id'> & FiringPlace

const NEWEST: FiringPlace = { fired_at: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER }

interface LeaseRecord {
  readonly seq: number
  readonly name: string
  lease_seq: number | null
  lease_number: number
}

interface AnnouncedRecord {
  readonly instance_seq: number
  readonly name: string
}

export function saveTriggers(
  connection: Connection,
  triggers: readonly TriggerDeclaration[],
  at: number,
): readonly TriggerRecord[] {
  for (const { name, workflow, pollIntervalMs, allowConcurrent, policy } of triggers) {
    const declared = [workflow, pollIntervalMs, Number(allowConcurrent), policyText(policy)]
    connection.run(SAVE_TRIGGER, connection.newId(), name, ...declared, at, at)
  }
  return triggers.flatMap(({ name }) => connection.one<TriggerRecord>(GET_TRIGGER, name) ?? [])
}

/** The leases that the instance holds after taking those of its share; see the port. */
export function leaseTriggers(
  connection: Connection,
  instanceId: string,
  names: readonly string[],
  deadSeqs: readonly number[],
  held: HeldLeases,
): LeasedTriggers {
  const own = instanceSeqOrThrow(connection, instanceId)
  const dead = new Set(deadSeqs)
  const others = othersWithCode(connection, own, dead)
  const unchanged = others.length === 0 ? held.unchanged(connection, own, names) : null
  if (unchanged !== null) return { held: unchanged, surplus: [] }
  const instances = [{ seq: own, names: new Set(names) }, ...others]
  const leases = new Map(connection.all<LeaseRecord>(LIST_LEASES).map((lease) => [lease.name, { ...lease }]))
  const shared = [...leases.values()].map(({ name, lease_seq }) => {
    return { name, holder: lease_seq === null || dead.has(lease_seq) ? null : lease_seq }
  })
  const { take, surplus } = movesOf(own, shared, instances)
  for (const name of take) {
    const lease = leases.get(name)
    if (lease === undefined) continue
    if (lease.lease_seq !== null) connection.run(DECLARE_DEAD, lease.lease_seq)
    connection.run(LEASE_TRIGGER, own, lease.seq)
    lease.lease_seq = own
    lease.lease_number += 1
  }
  const given = names.flatMap((trigger) => {
    const lease = leases.get(trigger)
    return lease?.lease_seq === own ? { trigger, number: lease.lease_number } : []
  })
  held.given(own, given)
  return { held: given, surplus }
}

export function releaseTriggers(connection: Connection, instanceId: string, names: readonly string[]): void {
  const own = instanceSeqOrThrow(connection, instanceId)
  for (const name of names) connection.run(RELEASE_TRIGGER, name, own)
}

function othersWithCode(connection: Connection, own: number, dead: ReadonlySet<number>): readonly Instance[] {
  const others = new Map<number, Set<string>>()
  for (const { instance_seq: seq, name } of connection.all<AnnouncedRecord>(LIST_ANNOUNCED_TRIGGERS, own)) {
    if (dead.has(seq)) continue
    const names = others.get(seq)
    if (names === undefined) others.set(seq, new Set([name]))
    else names.add(name)
  }
  return [...others].map(([seq, names]) => ({ seq, names }))
}

export function listTriggers(
  connection: Connection,
  page: Page & { readonly enabledOnly: boolean },
): readonly TriggerRecord[] {
  const sql = page.enabledOnly ? LIST_ENABLED_TRIGGERS : LIST_TRIGGERS
  return connection.all<TriggerRecord>(sql, page.limit, page.offset)
}

export function getTrigger(connection: Connection, name: string): TriggerRecord | null {
  return connection.one<TriggerRecord>(GET_TRIGGER, name) ?? null
}

/** False when there is no such trigger. */
export function setTriggerEnabled(
  connection: Connection,
  name: string,
  isEnabled: boolean,
  note: string | null,
  at: number,
): boolean {
  return connection.run(SET_TRIGGER_ENABLED, Number(isEnabled), note, at, name) === 1
}

/** Adds to what was set before, or resets all. False when there is no such trigger. */
export function overrideTrigger(
  connection: Connection,
  name: string,
  overrides: TriggerOverrides | null,
  at: number,
): boolean {
  const record = getTrigger(connection, name)
  if (record === null) return false
  const before = overrides === null || record.overrides === null ? {} : (JSON.parse(record.overrides) as object)
  connection.run(SET_OVERRIDES, overridesText({ ...before, ...overrides }), at, name)
  return true
}

/** Skips of a trigger that is not in the database are dropped: nothing could show them. */
export function writeSkips(connection: Connection, runs: SkipRuns): void {
  for (const [trigger, runsOfTrigger] of runs) for (const run of runsOfTrigger) writeSkipRun(connection, trigger, run)
}

function writeSkipRun(connection: Connection, trigger: string, run: SkipRun): void {
  const { firstAt, lastAt, count, latenessMs, durationMs, reason, isFiring, log = null } = run
  const times = [latenessMs ?? -1, durationMs ?? -1]
  const values = [
    connection.newId(),
    firstAt,
    lastAt,
    count,
    ...times,
    reason,
    log,
    lastAt,
    Number(isFiring),
    trigger,
    reason,
  ]
  if (connection.run(EXTEND_SKIPS, ...values) === 1) return
  // The open run has another reason, or there is no such trigger.
  const found = connection.one<FoundTrigger>(FIND_TRIGGER, trigger)
  if (found === undefined) return
  endSkips(connection, found.seq)
  connection.run(EXTEND_SKIPS, ...values)
}

export function recordFired(connection: Connection, tick: FiredTick): FiredTickResult {
  const result = fire(connection, tick)
  if (tick.recorded !== undefined) recordAction(connection, tick.recorded.action, tick.recorded.answer(result))
  return result
}

function fire(connection: Connection, tick: FiredTick): FiredTickResult {
  const trigger = leasedTriggerOrThrow(connection, tick.trigger)
  const { seq } = trigger
  if (tick.lease !== null && tick.lease !== trigger.lease_number) return { kind: 'lost' }
  if (tick.onChange && trigger.is_firing === 1) {
    const run = { ...tick, reason: UNCHANGED_REASON, isFiring: true, firstAt: tick.at, lastAt: tick.at, count: 1 }
    writeSkipRun(connection, tick.trigger, run)
    return { kind: 'unchanged' }
  }
  endSkips(connection, seq)
  const active = tick.allowConcurrent
    ? undefined
    : connection.one<ActiveFiring>(FIND_ACTIVE_FIRING, seq, tick.contextHash)
  const limit = active === undefined ? limitReached(connection, seq, tick) : null
  if (tick.byHand === null) connection.run(limit === null ? SET_LAST_POLL : SET_LIMITED_POLL, tick.at, seq)
  const reason = tick.byHand
  if (active !== undefined) {
    const { id: firingId, execution_id: executionId } = active
    insertTick(connection, seq, { ...tick, reason, outcome: 'duplicate', firingId, executionId })
    return { kind: 'duplicate', executionId }
  }
  if (limit !== null) {
    insertTick(connection, seq, { ...tick, reason: limit.reason, outcome: 'limited', firingId: null })
    return { kind: 'limited', active: limit.active }
  }
  const executionId = tick.execution?.id ?? null
  const tickSeq = insertTick(connection, seq, { ...tick, reason, outcome: 'fired', executionId })
  insertFiring(connection, tickSeq, seq, tick)
  return { kind: 'started' }
}

function insertFiring(connection: Connection, seq: number, triggerSeq: number, tick: FiredTick): void {
  const { execution, firingId, trigger, at, contextHash } = tick
  if (execution === null) {
    connection.run(INSERT_FIRING, seq, firingId, triggerSeq, contextHash, at, at)
    return
  }
  connection.run(INSERT_ACTIVE_FIRING, seq, firingId, triggerSeq, contextHash, execution.id, at)
  insertExecution(connection, execution, { kind: 'trigger', trigger, firingId }, at)
}

/** Null while another execution may start. */
function limitReached(connection: Connection, triggerSeq: number, { maxActive }: FiredTick) {
  if (maxActive === null) return null
  const active = connection.one<{ readonly active: number }>(COUNT_ACTIVE_FIRINGS, triggerSeq)?.active ?? 0
  return active < maxActive ? null : { active, reason: limitedReason(maxActive, active) }
}

export function recordFailed(connection: Connection, tick: FailedTick): FailedTickResult {
  const { seq, lease_number, failures_in_row } = leasedTriggerOrThrow(connection, tick.trigger)
  if (tick.lease !== null && tick.lease !== lease_number) return { kind: 'lost' }
  endSkips(connection, seq)
  connection.run(COUNT_FAILURE, seq)
  insertTick(connection, seq, { ...tick, firingId: null })
  const failures = failures_in_row + 1
  if (tick.pauseAfter === null || failures < tick.pauseAfter) return { kind: 'recorded' }
  const note = failuresNote(failures, tick.error.message)
  connection.run(PAUSE_TRIGGER, note, tick.at, seq)
  return { kind: 'paused', note }
}

export function listFirings(connection: Connection, trigger: string, page: PageAfter): readonly FiringRow[] {
  const { limit, offset, after } = page
  const found = getTrigger(connection, trigger)
  const place = after === undefined ? NEWEST : connection.one<FiringPlace>(FIND_FIRING, after)
  if (found === null || place === undefined) return []
  const read = (sql: string) => (page: Page) =>
    connection.all<ListedFiring>(sql, found.seq, place.fired_at, place.seq, page.limit, page.offset)
  const records = mergedPage({ limit, offset }, read(LIST_ACTIVE_FIRINGS), read(LIST_FIRINGS), newestFirst)
  return records.map((record) => firingRow({ ...record, trigger_id: found.id }))
}

function newestFirst(one: FiringPlace, other: FiringPlace): number {
  return other.fired_at - one.fired_at || other.seq - one.seq
}

interface NewTick extends PollRecord {
  readonly at: number
  readonly outcome: TickOutcome
  readonly reason?: string | null
  readonly firingId: string | null
  readonly executionId?: string | null
  readonly error?: PythonFault
}

/** Returns the number of the tick. */
function insertTick(connection: Connection, triggerSeq: number, tick: NewTick): number {
  const { at, outcome, latenessMs, durationMs, reason = null, firingId, executionId = null, log = null } = tick
  const poll = [latenessMs, durationMs, reason, firingId, executionId, faultText(tick.error ?? null), log]
  return connection.insert(INSERT_TICK, connection.newId(), triggerSeq, outcome, at, at, ...poll)
}

function endSkips(connection: Connection, triggerSeq: number): void {
  if (connection.run(CLOSE_SKIPS, triggerSeq) === 1) connection.run(END_SKIPS, triggerSeq)
}

function leasedTriggerOrThrow(connection: Connection, trigger: string): FoundTrigger {
  const record = connection.one<FoundTrigger>(FIND_TRIGGER, trigger)
  if (record !== undefined) return record
  throw new StoreError('DATABASE_FAILED', `Trigger "${trigger}" is not in the database: call saveTriggers first.`, {
    trigger,
  })
}

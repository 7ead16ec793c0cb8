/**
 * What happens to triggers, their firings and their ticks. Each function is the body of one step and runs in its
 * transaction. The run of skips that is still open lives in the trigger's row; any other outcome closes it into `ticks`.
 */

import { randomUUID } from 'node:crypto'
import type {
  FailedTick,
  FailedTickResult,
  FiredTick,
  FiredTickResult,
  Page,
  TriggerDeclaration,
  TriggerLease,
} from '../../engine/ports.ts'
import { StoreError } from '../../errors.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { FiringRow, TickOutcome, TickRow } from '../../model/schedule.ts'
import type { SkipRun } from '../skip-buffer.ts'
import { insertExecution } from './execution-steps.ts'
import type { Connection } from './file/connection.ts'
import { instanceSeqOrThrow } from './instance-steps.ts'
import { type FiringRecord, faultText, firingRow, type TickRecord, type TriggerRecord, tickRow } from './rows.ts'
import {
  CLOSE_SKIPS,
  END_SKIPS,
  EXTEND_SKIPS,
  FIND_ACTIVE_FIRING,
  FIND_TRIGGER,
  GET_TRIGGER,
  INSERT_FIRING,
  INSERT_TICK,
  LEASE_TRIGGER,
  LIST_ENABLED_TRIGGERS,
  LIST_FIRINGS,
  LIST_LEASES,
  LIST_TICKS,
  LIST_TRIGGERS,
  OPEN_SKIPS,
  SAVE_TRIGGER,
  SET_LAST_POLL,
  SET_TRIGGER_ENABLED,
} from './trigger-queries.ts'

type LeasedTrigger = Pick<LeaseRecord, 'seq' | 'lease_number'>

interface LeaseRecord {
  readonly seq: number
  readonly name: string
  readonly lease_seq: number | null
  readonly lease_number: number
}

export function saveTriggers(
  connection: Connection,
  triggers: readonly TriggerDeclaration[],
  at: number,
): readonly TriggerRecord[] {
  for (const { name, workflow, pollIntervalMs, allowConcurrent } of triggers) {
    connection.run(SAVE_TRIGGER, randomUUID(), name, workflow, pollIntervalMs, Number(allowConcurrent), at, at)
  }
  return triggers.flatMap(({ name }) => connection.one<TriggerRecord>(GET_TRIGGER, name) ?? [])
}

/** The leases, in the order of the names, that the instance holds after taking what nobody or only the dead hold. */
export function leaseTriggers(
  connection: Connection,
  instanceId: string,
  names: readonly string[],
  deadSeqs: readonly number[],
): readonly TriggerLease[] {
  const own = instanceSeqOrThrow(connection, instanceId)
  const leases = new Map(connection.all<LeaseRecord>(LIST_LEASES).map((lease) => [lease.name, lease]))
  return names.flatMap((trigger) => {
    const lease = leases.get(trigger)
    if (lease === undefined) return []
    if (lease.lease_seq === own) return { trigger, number: lease.lease_number }
    if (lease.lease_seq !== null && !deadSeqs.includes(lease.lease_seq)) return []
    connection.run(LEASE_TRIGGER, own, lease.seq)
    return { trigger, number: lease.lease_number + 1 }
  })
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
export function setTriggerEnabled(connection: Connection, name: string, isEnabled: boolean, at: number): boolean {
  return connection.run(SET_TRIGGER_ENABLED, Number(isEnabled), at, name) === 1
}

/** Skips of a trigger that is not in the database are dropped: nothing could show them. */
export function writeSkips(connection: Connection, runs: ReadonlyMap<string, SkipRun>): void {
  for (const [trigger, run] of runs) {
    connection.run(EXTEND_SKIPS, randomUUID(), run.firstAt, run.lastAt, run.count, run.lastAt, trigger)
  }
}

export function recordFired(connection: Connection, tick: FiredTick): FiredTickResult {
  const { seq, lease_number } = leasedTriggerOrThrow(connection, tick.trigger)
  if (tick.lease !== null && tick.lease !== lease_number) return { kind: 'lost' }
  endSkips(connection, seq)
  connection.run(SET_LAST_POLL, tick.at, seq)
  const active = tick.allowConcurrent
    ? undefined
    : connection.one<{ readonly id: string }>(FIND_ACTIVE_FIRING, seq, tick.contextHash)
  if (active !== undefined) {
    insertTick(connection, seq, 'duplicate', tick.at, active.id, null)
    return { kind: 'duplicate' }
  }
  const { execution, firingId, at } = tick
  insertTick(connection, seq, 'fired', at, firingId, null)
  const completedAt = execution === null ? at : null
  connection.run(INSERT_FIRING, firingId, seq, tick.contextHash, execution?.id ?? null, at, completedAt)
  if (execution !== null) {
    insertExecution(connection, execution, { kind: 'trigger', trigger: tick.trigger, firingId }, at)
  }
  return { kind: 'started' }
}

export function recordFailed(connection: Connection, tick: FailedTick): FailedTickResult {
  const { seq, lease_number } = leasedTriggerOrThrow(connection, tick.trigger)
  if (tick.lease !== null && tick.lease !== lease_number) return { kind: 'lost' }
  endSkips(connection, seq)
  insertTick(connection, seq, tick.outcome, tick.at, null, tick.error)
  return { kind: 'recorded' }
}

export function listFirings(connection: Connection, trigger: string, page: Page): readonly FiringRow[] {
  return connection.all<FiringRecord>(LIST_FIRINGS, trigger, page.limit, page.offset).map(firingRow)
}

/** The open run of skips is the newest tick there is. */
export function listTicks(connection: Connection, trigger: string, page: Page): readonly TickRow[] {
  const open = connection.all<TickRecord>(OPEN_SKIPS, trigger)
  const shown = open.slice(page.offset, page.offset + page.limit)
  const offset = Math.max(0, page.offset - open.length)
  const closed = connection.all<TickRecord>(LIST_TICKS, trigger, page.limit - shown.length, offset)
  return [...shown, ...closed].map(tickRow)
}

function insertTick(
  connection: Connection,
  triggerSeq: number,
  outcome: TickOutcome,
  at: number,
  firingId: string | null,
  error: PythonFault | null,
): void {
  connection.run(INSERT_TICK, randomUUID(), triggerSeq, outcome, at, at, firingId, faultText(error))
}

function endSkips(connection: Connection, triggerSeq: number): void {
  if (connection.run(CLOSE_SKIPS, triggerSeq) === 1) connection.run(END_SKIPS, triggerSeq)
}

function leasedTriggerOrThrow(connection: Connection, trigger: string): LeasedTrigger {
  const record = connection.one<LeasedTrigger>(FIND_TRIGGER, trigger)
  if (record !== undefined) return record
  throw new StoreError('DATABASE_FAILED', `The trigger "${trigger}" is not in the database: call saveTriggers first.`, {
    trigger,
  })
}

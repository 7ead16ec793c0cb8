/** Removes what is older than its retention, a small step at a time, so that nothing waits long behind it. */

import type { EndedExecutions, Retention, SourcePoll } from '../../../engine/ports.ts'
import type { TickOutcome } from '../../../model/schedule.ts'
import type { Connection } from '../file/connection.ts'
import { pruneEvents, prunePolls, pruneReactorFirings } from '../graphs/pruning.ts'
import { PRUNE_ACTIONS } from './action-queries.ts'
import { PRUNE_ALERTS } from './alert-queries.ts'
import {
  COUNT_OLD_EXECUTIONS,
  COUNT_OLD_EXECUTIONS_IN_STATUS,
  DELETE_CRON_FIRING,
  DELETE_EXECUTION,
  DELETE_FIRING,
  DELETE_FIRING_TICK,
  DELETE_LOG_PIECES,
  GET_FIRING,
  OLD_EXECUTIONS,
  OLD_EXECUTIONS_IN_STATUS,
  OLD_FIRINGS_WITHOUT_RUN,
  PRUNE_CRON_FIRINGS_WITHOUT_RUN,
  PRUNE_OPEN_SKIPS,
  PRUNE_TICKS,
} from './retention-queries.ts'

/** A few milliseconds: a poll that is due, and whoever waits for a commit, comes after the step. */
const ROWS_A_STEP = 300
/** Each may have thousands of task runs and large contexts. */
const EXECUTIONS_A_STEP = 10

type Prune = (connection: Connection) => number

interface OldExecution {
  readonly seq: number
  readonly firing_id: string | null
}

interface OldFiring {
  readonly id: string
  readonly fired_at: number
}

/** How many rows went; 0 when nothing is left to remove. One kind a step, so that none becomes long. */
export function prune(connection: Connection, retention: Retention, at: number): number {
  for (const pruneKind of kinds(retention, at)) {
    const removed = pruneKind(connection)
    if (removed > 0) return removed
  }
  return 0
}

function kinds({ skippedMs, failedMs, endedMs, firingsMs }: Retention, at: number): readonly Prune[] {
  const kinds: Prune[] = []
  if (skippedMs !== null) {
    const before = at - skippedMs
    kinds.push(ticksOf('skipped', before), ticksOf('duplicate', before), ticksOf('limited', before))
    kinds.push(rowsOf(PRUNE_OPEN_SKIPS, before), pollsOf('skipped', before))
  }
  if (failedMs !== null) {
    const before = at - failedMs
    kinds.push(ticksOf('failed', before), ticksOf('timedOut', before), rowsOf(PRUNE_ALERTS, before))
    kinds.push(pollsOf('failed', before), pollsOf('timedOut', before))
  }
  if (endedMs !== null) {
    const before = at - endedMs
    kinds.push((connection) => pruneExecutions(connection, { endedBeforeAt: before }))
    kinds.push((connection) => pruneFirings(connection, before))
    kinds.push(rowsOf(PRUNE_CRON_FIRINGS_WITHOUT_RUN, before), rowsOf(PRUNE_ACTIONS, before))
  }
  if (firingsMs !== null) {
    const before = at - firingsMs
    kinds.push((connection) => pruneReactorFirings(connection, before))
    kinds.push((connection) => pruneEvents(connection, before), pollsOf('emitted', before))
  }
  return kinds
}

function rowsOf(sql: string, before: number): Prune {
  return (connection) => connection.run(sql, before, ROWS_A_STEP)
}

function pollsOf(outcome: SourcePoll['outcome'], before: number): Prune {
  return (connection) => prunePolls(connection, outcome, before)
}

function ticksOf(outcome: TickOutcome, before: number): Prune {
  return (connection) => connection.run(PRUNE_TICKS, outcome, before, ROWS_A_STEP)
}

/** How many executions an order would remove. */
export function countEnded(connection: Connection, { endedBeforeAt: before, status }: EndedExecutions): number {
  const counted =
    status === undefined
      ? connection.one<{ readonly old: number }>(COUNT_OLD_EXECUTIONS, before)
      : connection.one<{ readonly old: number }>(COUNT_OLD_EXECUTIONS_IN_STATUS, status, before, before)
  return counted?.old ?? 0
}

/** How many rows went; 0 when nothing is left to remove. */
export function pruneExecutions(connection: Connection, { endedBeforeAt: before, status }: EndedExecutions): number {
  const old =
    status === undefined
      ? connection.all<OldExecution>(OLD_EXECUTIONS, before, EXECUTIONS_A_STEP)
      : connection.all<OldExecution>(OLD_EXECUTIONS_IN_STATUS, status, before, before, EXECUTIONS_A_STEP)
  // Logs first: those of a few executions may be gigabytes.
  let pieces = 0
  for (const { seq } of old) {
    pieces += connection.run(DELETE_LOG_PIECES, seq, seq, ROWS_A_STEP - pieces)
    if (pieces === ROWS_A_STEP) return pieces
  }
  for (const { seq, firing_id } of old) {
    const firing = firing_id === null ? undefined : connection.one<OldFiring>(GET_FIRING, firing_id)
    if (firing !== undefined) deleteFiring(connection, firing)
    else if (firing_id !== null) connection.run(DELETE_CRON_FIRING, firing_id)
    for (const sql of DELETE_EXECUTION) connection.run(sql, seq)
  }
  return old.length
}

function pruneFirings(connection: Connection, before: number): number {
  const old = connection.all<OldFiring>(OLD_FIRINGS_WITHOUT_RUN, before, ROWS_A_STEP)
  for (const firing of old) deleteFiring(connection, firing)
  return old.length
}

/** With its tick, which has the same instant. */
function deleteFiring(connection: Connection, { id, fired_at }: OldFiring): void {
  connection.run(DELETE_FIRING_TICK, fired_at, id)
  connection.run(DELETE_FIRING, id)
}

/** Removal of old rows, in small steps, so that nothing waits long for one of them. */

import type { EndedExecutions, Retention } from '../../../engine/ports.ts'
import type { TickOutcome } from '../../../model/schedule.ts'
import type { Session, Step } from '../../session.ts'
import {
  COUNT_OLD_EXECUTIONS,
  COUNT_OLD_EXECUTIONS_IN_STATUS,
  PRUNE_ACTIONS,
  PRUNE_ALERTS,
  PRUNE_CRON_FIRINGS_WITHOUT_RUN,
} from '../../sql/history/retention.ts'
import { pruneEvents, prunePolls, pruneReactorFirings } from '../graphs/pruning.ts'

const ROWS_PER_STEP = 300

/**
 * Returns the tables of a family with rows that may be older than a time, and that are removed one by one. `at`: the
 * present time, to leave out the tables that are dropped as a whole later. Null: leaves out none.
 */
export type TablesOf = (
  family: 'executions' | 'ticks_skipped' | 'ticks_failed',
  before: number,
  at: number | null,
) => readonly string[]

/** Properties of a database that removes old rows. */
export interface PrunedTables {
  /** Each execution may have thousands of task runs and large contexts. */
  readonly executionsPerStep: number
  find(session: Session): Step<TablesOf>
}

type PruneKind = (session: Session) => Step<number>

interface OldExecution {
  readonly seq: number
  readonly firing_id: string | null
}

interface OldFiring {
  readonly id: string
  readonly fired_at: number
}

/** Removes rows of one kind. Returns the number of removed rows, or 0 if no rows are old. */
export function* prune(session: Session, tables: PrunedTables, retention: Retention, at: number): Step<number> {
  const tablesOf = yield* tables.find(session)
  for (const pruneKind of kinds(session, { ...tables, of: tablesOf }, retention, at)) {
    const removed = yield* pruneKind(session)
    if (removed > 0) return removed
  }
  return 0
}

function kinds(
  { sql: { retention: sql } }: Session,
  tables: { readonly executionsPerStep: number; readonly of: TablesOf },
  { skippedMs, failedMs, endedMs, firingsMs }: Retention,
  at: number,
): readonly PruneKind[] {
  const ticks = (family: 'ticks_skipped' | 'ticks_failed', before: number, outcomes: readonly TickOutcome[]) =>
    tables.of(family, before, at).map((table) => rowsOf(sql.pruneTicks(table, outcomes), before))
  const kinds: PruneKind[] = []
  if (skippedMs !== null) {
    const before = at - skippedMs
    kinds.push(...ticks('ticks_skipped', before, ['skipped', 'duplicate', 'limited']))
    kinds.push(rowsOf(sql.pruneOpenSkips, before), (session) => prunePolls(session, ['skipped'], before))
  }
  if (failedMs !== null) {
    const before = at - failedMs
    kinds.push(...ticks('ticks_failed', before, ['failed', 'timedOut']), rowsOf(PRUNE_ALERTS, before))
    kinds.push((session) => prunePolls(session, ['failed', 'timedOut'], before))
  }
  if (endedMs !== null) {
    const before = at - endedMs
    for (const table of tables.of('executions', before, at)) {
      kinds.push((session) => pruneTable(session, table, { endedBeforeAt: before }, tables.executionsPerStep))
    }
    kinds.push((session) => pruneFirings(session, before))
    kinds.push(rowsOf(PRUNE_CRON_FIRINGS_WITHOUT_RUN, before), rowsOf(PRUNE_ACTIONS, before))
  }
  if (firingsMs !== null) {
    const before = at - firingsMs
    kinds.push((session) => pruneReactorFirings(session, before))
    kinds.push(
      (session) => pruneEvents(session, before),
      (session) => prunePolls(session, ['emitted'], before),
    )
  }
  return kinds
}

function rowsOf(sql: string, before: number): PruneKind {
  return function* (session) {
    return yield* session.run(sql, before, ROWS_PER_STEP)
  }
}

/** Returns the number of executions that `pruneExecutions` would remove in all its steps. */
export function* countEnded(session: Session, { endedBeforeAt, status }: EndedExecutions): Step<number> {
  const counted =
    status === undefined
      ? yield* session.one<{ readonly old: number }>(COUNT_OLD_EXECUTIONS, endedBeforeAt)
      : yield* session.one<{ readonly old: number }>(COUNT_OLD_EXECUTIONS_IN_STATUS, endedBeforeAt, status)
  return counted?.old ?? 0
}

/** Returns the number of removed rows, or 0 if no rows are old. */
export function* pruneExecutions(session: Session, tables: PrunedTables, which: EndedExecutions): Step<number> {
  const tablesOf = yield* tables.find(session)
  for (const table of tablesOf('executions', which.endedBeforeAt, null)) {
    const removed = yield* pruneTable(session, table, which, tables.executionsPerStep)
    if (removed > 0) return removed
  }
  return 0
}

function* pruneTable(
  session: Session,
  table: string,
  { endedBeforeAt: before, status }: EndedExecutions,
  limit: number,
): Step<number> {
  const sql = session.sql.retention
  const old =
    status === undefined
      ? yield* session.all<OldExecution>(sql.oldExecutions(table), before, limit)
      : yield* session.all<OldExecution>(sql.oldExecutionsInStatus(table), before, status, limit)
  if (old.length === 0) return 0
  const seqs = old.map(({ seq }) => seq)
  // Logs first, because the logs of a few executions may have gigabytes.
  const pieces = yield* session.run(sql.deleteLogPieces, seqs, ROWS_PER_STEP)
  if (pieces === ROWS_PER_STEP) return pieces
  const rows = seqs.map((seq) => [seq])
  for (const statement of sql.deleteExecutions) session.each(statement, rows)
  const firings = old.flatMap(({ firing_id }) => firing_id ?? [])
  session.each(
    sql.deleteCronFirings,
    firings.map((id) => [id]),
  )
  yield* deleteFirings(session, firings)
  return old.length
}

function* pruneFirings(session: Session, before: number): Step<number> {
  const sql = session.sql.retention.oldFiringsWithoutRun
  const old = yield* session.all<{ readonly id: string }>(sql, before, ROWS_PER_STEP)
  yield* deleteFirings(
    session,
    old.map(({ id }) => id),
  )
  return old.length
}

/** Deletes firings with their ticks, which have the same times. */
function* deleteFirings(session: Session, ids: readonly string[]): Step<void> {
  const sql = session.sql.retention
  const deleted = yield* session.allEach<OldFiring>(
    sql.deleteFirings,
    ids.map((id) => [id]),
  )
  session.each(
    sql.deleteFiredTicks,
    deleted.map(({ id, fired_at }) => [fired_at, id]),
  )
}

/** Removal of old rows, in small steps, so that nothing waits long for one of them. */

import type { EndedExecutions, Retention } from '../../../engine/ports.ts'
import type { TickOutcome } from '../../../model/schedule.ts'
import { rowsOf, type Session, type Step } from '../../session.ts'
import * as statements from '../../sql/history/retention.ts'
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
  return yield* firstOf(removals(session, { ...tables, tablesOf }, retention, at))
}

/** Returns the first number of removed rows that is not 0. */
function* firstOf(removals: readonly Step<number>[]): Step<number> {
  for (const removal of removals) {
    const removed = yield* removal
    if (removed > 0) return removed
  }
  return 0
}

/** One part for each kind of rows. A part does nothing until the step runs it. */
function removals(
  session: Session,
  { executionsPerStep, tablesOf }: { readonly executionsPerStep: number; readonly tablesOf: TablesOf },
  { skippedMs, failedMs, endedMs, firingsMs }: Retention,
  at: number,
): readonly Step<number>[] {
  const sql = session.sql.retention
  const rows = (statement: string, before: number) => pruneRows(session, statement, before)
  const ticks = (family: 'ticks_skipped' | 'ticks_failed', before: number, outcomes: readonly TickOutcome[]) =>
    tablesOf(family, before, at).map((table) => rows(sql.pruneTicks(table, outcomes), before))
  const parts: Step<number>[] = []
  if (skippedMs !== null) {
    const before = at - skippedMs
    parts.push(...ticks('ticks_skipped', before, ['skipped', 'duplicate', 'limited']))
    parts.push(rows(sql.pruneOpenSkips, before), prunePolls(session, ['skipped'], before))
  }
  if (failedMs !== null) {
    const before = at - failedMs
    parts.push(...ticks('ticks_failed', before, ['failed', 'timedOut']), rows(statements.PRUNE_ALERTS, before))
    parts.push(prunePolls(session, ['failed', 'timedOut'], before))
  }
  if (endedMs !== null) {
    const before = at - endedMs
    const which = { endedBeforeAt: before }
    const tables = tablesOf('executions', before, at)
    parts.push(...tables.map((table) => pruneTable(session, table, which, executionsPerStep)))
    parts.push(pruneFirings(session, before), rows(statements.PRUNE_CRON_FIRINGS_WITHOUT_RUN, before))
    parts.push(rows(statements.PRUNE_ACTIONS, before))
  }
  if (firingsMs !== null) {
    const before = at - firingsMs
    parts.push(pruneReactorFirings(session, before), pruneEvents(session, before))
    parts.push(prunePolls(session, ['emitted'], before))
  }
  return parts
}

function* pruneRows(session: Session, statement: string, before: number): Step<number> {
  return yield* session.run(statement, before, ROWS_PER_STEP)
}

/** Returns the number of executions that `pruneExecutions` would remove in all its steps. */
export function* countEnded(session: Session, { endedBeforeAt, status }: EndedExecutions): Step<number> {
  const values = status === undefined ? [endedBeforeAt] : [endedBeforeAt, status]
  const statement = statements.countOldExecutions(status !== undefined)
  return (yield* session.one<{ readonly old: number }>(statement, ...values))?.old ?? 0
}

/** Returns the number of removed rows, or 0 if no rows are old. */
export function* pruneExecutions(session: Session, tables: PrunedTables, which: EndedExecutions): Step<number> {
  const tablesOf = yield* tables.find(session)
  const found = tablesOf('executions', which.endedBeforeAt, null)
  return yield* firstOf(found.map((table) => pruneTable(session, table, which, tables.executionsPerStep)))
}

function* pruneTable(
  session: Session,
  table: string,
  { endedBeforeAt: before, status }: EndedExecutions,
  limit: number,
): Step<number> {
  const sql = session.sql.retention
  const values = status === undefined ? [before, limit] : [before, status, limit]
  const old = yield* session.all<OldExecution>(sql.oldExecutions(table, status !== undefined), ...values)
  if (old.length === 0) return 0
  const seqs = old.map(({ seq }) => seq)
  // Logs first, because the logs of a few executions may have gigabytes.
  const pieces = yield* session.run(sql.deleteLogPieces, seqs, ROWS_PER_STEP)
  if (pieces === ROWS_PER_STEP) return pieces
  for (const statement of sql.deleteExecutions) session.each(statement, rowsOf(seqs))
  const firings = old.flatMap(({ firing_id }) => firing_id ?? [])
  session.each(sql.deleteCronFirings, rowsOf(firings))
  yield* deleteFirings(session, firings)
  return old.length
}

function* pruneFirings(session: Session, before: number): Step<number> {
  const sql = session.sql.retention.oldFiringsWithoutRun
  const old = yield* session.all<{ readonly id: string }>(sql, before, ROWS_PER_STEP)
  const ids = old.map(({ id }) => id)
  yield* deleteFirings(session, ids)
  return old.length
}

/** Deletes firings with their ticks, which have the same times. */
function* deleteFirings(session: Session, ids: readonly string[]): Step<void> {
  const sql = session.sql.retention
  const deleted = yield* session.allEach<OldFiring>(sql.deleteFirings, rowsOf(ids))
  const ticks = deleted.map(({ id, fired_at }) => [fired_at, id])
  session.each(sql.deleteFiredTicks, ticks)
}

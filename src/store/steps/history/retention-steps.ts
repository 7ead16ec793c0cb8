/** Removal of old rows, in small steps, so that nothing waits long for one of them. */

import type { RecordedAction } from '../../../engine/store-ports.ts'
import type { EndedExecutions, Retention } from '../../../model/retention-limits.ts'
import type { TickOutcome } from '../../../model/schedule-rows.ts'
import { PRUNE_CHAINS } from '../../sql/executions/chain-sql.ts'
import * as statements from '../../sql/history/retention-sql.ts'
import { type Session, type Step, toRows } from '../../store-session.ts'
import { recordAction } from '../action-steps.ts'
import { leaveChains } from '../executions/chain-rows.ts'
import { pruneEvents, prunePolls, pruneReactorFirings } from '../graphs/graph-pruning-steps.ts'
import { pruneLimits } from '../limits/limit-pruning.ts'

const ROWS_PER_STEP = 300

/** Minimum time to keep judged deadlines: the execution of a deadline may be active for as long. */
const MIN_JUDGED_MS = 30 * 86_400_000

/** Returns tables whose old rows are removed one by one. `at`: leaves out those dropped whole later; null: none. */
type TablesOf = (
  family: 'executions' | 'ticks_skipped' | 'ticks_failed',
  before: number,
  at: number | null,
) => readonly string[]

export interface PrunedTables {
  /** Each execution may have thousands of task runs and large contexts. */
  readonly executionsPerStep: number
  find(session: Session): Step<TablesOf>
}

interface OldExecution {
  readonly seq: number
  readonly id: string
  readonly firing_id: string | null
}

interface ScheduleTime {
  readonly cron_seq: number
  readonly scheduled_at: number
}

interface OldFiring {
  readonly id: string
  readonly fired_at: number
}

/** Removes rows of one kind. Returns the number of removed rows, or 0 if no rows are old. */
export function* prune(
  session: Session,
  tables: PrunedTables,
  retention: Partial<Retention>,
  at: number,
): Step<number> {
  const tablesOf = yield* tables.find(session)
  return yield* firstOf(removals(session, { ...tables, tablesOf }, retention, at))
}

function* firstOf(removals: readonly Step<number>[]): Step<number> {
  for (const removal of removals) {
    const removed = yield* removal
    if (removed > 0) return removed
  }
  return 0
}

/** Returns one part for each kind of rows. A part does nothing until the step runs it. */
function removals(
  session: Session,
  { executionsPerStep, tablesOf }: { readonly executionsPerStep: number; readonly tablesOf: TablesOf },
  {
    skippedMs = null,
    failedMs = null,
    endedMs = null,
    firingsMs = null,
    scheduleTimesMs = null,
    keysMs = null,
    signalsMs = null,
  }: Partial<Retention>,
  at: number,
): readonly Step<number>[] {
  const sql = session.sql.retention
  const rows = (statement: string, before: number) => pruneRows(session, statement, before)
  const ticks = (family: 'ticks_skipped' | 'ticks_failed', before: number, outcomes: readonly TickOutcome[]) =>
    tablesOf(family, before, at).map((table) => rows(sql.pruneTicks(table, outcomes), before))
  const parts: Step<number>[] = [rows(session.sql.firings.pruneFiringKeys, at), pruneLimits(session, ROWS_PER_STEP)]
  if (skippedMs !== null) {
    const before = at - skippedMs
    parts.push(...ticks('ticks_skipped', before, ['skipped', 'duplicate', 'limited']))
    parts.push(rows(sql.pruneOpenSkips, before), prunePolls(session, ['skipped'], before))
  }
  if (failedMs !== null) {
    const before = at - failedMs
    parts.push(...ticks('ticks_failed', before, ['failed', 'timedOut', 'refused']))
    parts.push(rows(statements.PRUNE_ALERTS, before), rows(sql.pruneIncidents, before))
    parts.push(rows(statements.PRUNE_JUDGED_DEADLINES, at - Math.max(failedMs, MIN_JUDGED_MS)))
    parts.push(prunePolls(session, ['failed', 'timedOut'], before))
  }
  if (endedMs !== null) {
    const before = at - endedMs
    const which = { endedBeforeAt: before }
    const tables = tablesOf('executions', before, at)
    parts.push(...tables.map((table) => pruneTable(session, table, which, executionsPerStep)))
    parts.push(...PRUNE_CHAINS.map((statement) => rows(statement, before)))
    parts.push(pruneFirings(session, before), rows(statements.PRUNE_CRON_FIRINGS_WITHOUT_RUN, before))
    parts.push(rows(statements.PRUNE_ACTIONS, before), rows(statements.PRUNE_BATCHES, before))
    parts.push(rows(statements.PRUNE_APPROVALS, before))
  }
  if (firingsMs !== null) {
    const before = at - firingsMs
    parts.push(pruneReactorFirings(session, before), pruneEvents(session, before))
    parts.push(prunePolls(session, ['emitted'], before))
  }
  if (scheduleTimesMs !== null) parts.push(pruneScheduleTimes(session, at - scheduleTimesMs))
  if (keysMs !== null) parts.push(rows(statements.PRUNE_EXECUTION_KEYS, at - keysMs))
  if (signalsMs !== null) parts.push(rows(statements.PRUNE_SIGNALS, at - signalsMs))
  return parts
}

/** A schedule remembers from which time on its times are known. */
function* pruneScheduleTimes(session: Session, before: number): Step<number> {
  const old = yield* session.all<ScheduleTime>(statements.PRUNE_SCHEDULE_TIMES, before, ROWS_PER_STEP)
  const knownFrom = new Map<number, number>()
  for (const { cron_seq: seq, scheduled_at: at } of old) knownFrom.set(seq, Math.max(knownFrom.get(seq) ?? 0, at + 1))
  // In one order, so that two engines never wait for each other.
  for (const [seq, from] of [...knownFrom].sort(([one], [other]) => one - other)) {
    session.run(statements.SET_TIMES_KNOWN_FROM, from, seq)
  }
  return old.length
}

function* pruneRows(session: Session, statement: string, before: number): Step<number> {
  return yield* session.run(statement, before, ROWS_PER_STEP)
}

export function* countEnded(session: Session, { endedBeforeAt, status }: EndedExecutions): Step<number> {
  const values = status === undefined ? [endedBeforeAt] : [endedBeforeAt, status]
  const statement = statements.countOldExecutions(status !== undefined)
  return (yield* session.one<{ readonly old: number }>(statement, ...values))?.old ?? 0
}

export function* pruneExecutions(
  session: Session,
  tables: PrunedTables,
  which: EndedExecutions,
  recorded?: RecordedAction,
): Step<number> {
  recordAction(session, recorded)
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
  for (const statement of sql.deleteExecutions) session.each(statement, toRows(seqs))
  yield* leaveChains(
    session,
    old.map(({ id }) => id),
  )
  const firings = old.flatMap(({ firing_id }) => firing_id ?? [])
  session.each(sql.deleteCronFirings, toRows(firings))
  deleteFirings(session, yield* session.allEach<OldFiring>(sql.firings, toRows(firings)))
  return old.length
}

function* pruneFirings(session: Session, before: number): Step<number> {
  const old = yield* session.all<OldFiring>(session.sql.retention.oldFiringsWithoutRun, before, ROWS_PER_STEP)
  deleteFirings(session, old)
  return old.length
}

function deleteFirings(session: Session, firings: readonly OldFiring[]): void {
  const { deleteFirings, deleteFiredTicks } = session.sql.retention
  const ticks = firings.map(({ id, fired_at }) => [fired_at, id])
  session.each(deleteFirings, toRows(firings.map(({ id }) => id)))
  session.each(deleteFiredTicks, ticks)
}

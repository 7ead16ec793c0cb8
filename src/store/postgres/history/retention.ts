/** Removes what is older than its retention, a small step at a time, so that nothing waits long behind it. */

import type { EndedExecutions, Retention } from '../../../engine/ports.ts'
import { pruneEvents, prunePolls, pruneReactorFirings } from '../graphs/pruning.ts'
import { isLeftWhole, mayHaveOlder } from '../schema/parts.ts'
import { quoted, type Session } from '../session/session.ts'
import {
  COUNT_OLD_EXECUTIONS,
  DELETE_CRON_FIRINGS,
  DELETE_EXECUTIONS,
  DELETE_FIRINGS,
  DELETE_LOG_PIECES,
  OLD_FIRINGS_WITHOUT_RUN,
  oldExecutions,
  PRUNE_ACTIONS,
  PRUNE_ALERTS,
  PRUNE_CRON_FIRINGS_WITHOUT_RUN,
  PRUNE_OPEN_SKIPS,
  pruneTicks,
} from './retention-queries.ts'
import { listParts, type Parts } from './upkeep.ts'

const ROWS_A_STEP = 300
/** Each may have thousands of task runs and large contexts. */
const EXECUTIONS_A_STEP = 50

type Prune = (session: Session) => Promise<number>

interface OldExecution {
  readonly seq: number
  readonly firing_id: string | null
}

/** How many rows went; 0 when nothing is left to remove. One kind a step, so that none becomes long. What is left whole is not looked at. */
export async function prune(session: Session, retention: Retention, at: number): Promise<number> {
  const parts = await listParts(session)
  for (const pruneKind of kinds(retention, at, parts)) {
    const removed = await pruneKind(session)
    if (removed > 0) return removed
  }
  return 0
}

function kinds({ skippedMs, failedMs, endedMs, firingsMs }: Retention, at: number, parts: Parts): readonly Prune[] {
  const rowsOf =
    (sql: string, before: number, ...values: readonly (readonly string[])[]): Prune =>
    (session) =>
      session.run(sql, before, ROWS_A_STEP, ...values)
  const ticksOf = (
    name: 'ticks_skipped' | 'ticks_failed',
    before: number,
    outcomes: readonly string[],
  ): readonly Prune[] => tablesOf(name, parts, before, at).map((table) => rowsOf(pruneTicks(table), before, outcomes))
  const kinds: Prune[] = []
  if (skippedMs !== null) {
    const before = at - skippedMs
    kinds.push(...ticksOf('ticks_skipped', before, ['skipped', 'duplicate', 'limited']))
    kinds.push(rowsOf(PRUNE_OPEN_SKIPS, before), (session) => prunePolls(session, ['skipped'], before))
  }
  if (failedMs !== null) {
    const before = at - failedMs
    kinds.push(...ticksOf('ticks_failed', before, ['failed', 'timedOut']), rowsOf(PRUNE_ALERTS, before))
    kinds.push((session) => prunePolls(session, ['failed', 'timedOut'], before))
  }
  if (endedMs !== null) {
    const before = at - endedMs
    const tables = tablesOf('executions', parts, before, at)
    kinds.push(
      ...tables.map(
        (table): Prune =>
          (session) =>
            pruneTable(session, table, { endedBeforeAt: before }),
      ),
    )
    kinds.push((session) => pruneFirings(session, before))
    kinds.push(rowsOf(PRUNE_CRON_FIRINGS_WITHOUT_RUN, before), rowsOf(PRUNE_ACTIONS, before))
  }
  if (firingsMs !== null) {
    const before = at - firingsMs
    kinds.push(
      (session) => pruneReactorFirings(session, before),
      (session) => pruneEvents(session, before),
    )
    kinds.push((session) => prunePolls(session, ['emitted'], before))
  }
  return kinds
}

/** Those parts of a table, quoted, of which rows are deleted one by one. `at` null: also of those that would be dropped later. */
function tablesOf(name: keyof Parts, parts: Parts, before: number, at: number | null): readonly string[] {
  const dated = parts[name].filter(
    (part) => mayHaveOlder(part, before) && (at === null || !isLeftWhole(part, before, at)),
  )
  return [...dated.map(({ suffix }) => suffix), 'default'].map((suffix) => quoted(`${name}_${suffix}`))
}

/** How many executions an order would remove. */
export async function countEnded(session: Session, { endedBeforeAt, status }: EndedExecutions): Promise<number> {
  const counted = await session.one<{ readonly old: number }>(COUNT_OLD_EXECUTIONS, endedBeforeAt, status ?? null)
  return counted?.old ?? 0
}

/** How many rows went; 0 when nothing is left to remove. */
export async function pruneExecutions(session: Session, which: EndedExecutions): Promise<number> {
  for (const table of tablesOf('executions', await listParts(session), which.endedBeforeAt, null)) {
    const removed = await pruneTable(session, table, which)
    if (removed > 0) return removed
  }
  return 0
}

async function pruneTable(session: Session, table: string, which: EndedExecutions): Promise<number> {
  const { endedBeforeAt, status = null } = which
  const old = await session.all<OldExecution>(oldExecutions(table), endedBeforeAt, EXECUTIONS_A_STEP, status)
  if (old.length === 0) return 0
  const seqs = old.map(({ seq }) => seq)
  // Logs first: those of a few executions may be gigabytes.
  const pieces = await session.run(DELETE_LOG_PIECES, seqs, ROWS_A_STEP)
  if (pieces === ROWS_A_STEP) return pieces
  const firings = old.flatMap(({ firing_id }) => firing_id ?? [])
  await Promise.all([
    session.run(DELETE_FIRINGS, firings),
    session.run(DELETE_CRON_FIRINGS, firings),
    ...DELETE_EXECUTIONS.map((sql) => session.run(sql, seqs)),
  ])
  return old.length
}

async function pruneFirings(session: Session, before: number): Promise<number> {
  const old = await session.all<{ readonly id: string }>(OLD_FIRINGS_WITHOUT_RUN, before, ROWS_A_STEP)
  if (old.length === 0) return 0
  await session.run(
    DELETE_FIRINGS,
    old.map(({ id }) => id),
  )
  return old.length
}

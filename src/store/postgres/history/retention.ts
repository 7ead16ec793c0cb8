/** Removes what is older than its retention, a small step at a time, so that nothing waits long behind it. */

import type { EndedExecutions, Retention } from '../../../engine/ports.ts'
import type { Session } from '../session/session.ts'
import {
  COUNT_OLD_EXECUTIONS,
  DELETE_CRON_FIRINGS,
  DELETE_EXECUTIONS,
  DELETE_FIRINGS,
  DELETE_LOG_PIECES,
  OLD_EXECUTIONS,
  OLD_FIRINGS_WITHOUT_RUN,
  PRUNE_ACTIONS,
  PRUNE_ALERTS,
  PRUNE_CRON_FIRINGS_WITHOUT_RUN,
  PRUNE_OPEN_SKIPS,
  PRUNE_TICKS,
} from './retention-queries.ts'

const ROWS_A_STEP = 300
/** Each may have thousands of task runs and large contexts. */
const EXECUTIONS_A_STEP = 50

type Prune = (session: Session) => Promise<number>

interface OldExecution {
  readonly seq: number
  readonly firing_id: string | null
}

/** How many rows went; 0 when nothing is left to remove. One kind a step, so that none becomes long. */
export async function prune(session: Session, retention: Retention, at: number): Promise<number> {
  for (const pruneKind of kinds(retention, at)) {
    const removed = await pruneKind(session)
    if (removed > 0) return removed
  }
  return 0
}

function kinds({ skippedMs, failedMs, endedMs }: Retention, at: number): readonly Prune[] {
  const rowsOf =
    (sql: string, before: number, ...values: readonly (readonly string[])[]): Prune =>
    (session) =>
      session.run(sql, before, ROWS_A_STEP, ...values)
  const kinds: Prune[] = []
  if (skippedMs !== null) {
    const before = at - skippedMs
    kinds.push(rowsOf(PRUNE_TICKS, before, ['skipped', 'duplicate', 'limited']), rowsOf(PRUNE_OPEN_SKIPS, before))
  }
  if (failedMs !== null) {
    const before = at - failedMs
    kinds.push(rowsOf(PRUNE_TICKS, before, ['failed', 'timedOut']), rowsOf(PRUNE_ALERTS, before))
  }
  if (endedMs !== null) {
    const before = at - endedMs
    kinds.push((session) => pruneExecutions(session, { endedBeforeAt: before }))
    kinds.push((session) => pruneFirings(session, before))
    kinds.push(rowsOf(PRUNE_CRON_FIRINGS_WITHOUT_RUN, before), rowsOf(PRUNE_ACTIONS, before))
  }
  return kinds
}

/** How many executions an order would remove. */
export async function countEnded(session: Session, { endedBeforeAt, status }: EndedExecutions): Promise<number> {
  const counted = await session.one<{ readonly old: number }>(COUNT_OLD_EXECUTIONS, endedBeforeAt, status ?? null)
  return counted?.old ?? 0
}

/** How many rows went; 0 when nothing is left to remove. */
export async function pruneExecutions(session: Session, which: EndedExecutions): Promise<number> {
  const { endedBeforeAt, status = null } = which
  const old = await session.all<OldExecution>(OLD_EXECUTIONS, endedBeforeAt, EXECUTIONS_A_STEP, status)
  if (old.length === 0) return 0
  const seqs = old.map(({ seq }) => seq)
  // Logs first: those of a few executions may be gigabytes.
  const pieces = await session.run(DELETE_LOG_PIECES, seqs, ROWS_A_STEP)
  if (pieces === ROWS_A_STEP) return pieces
  const firings = old.flatMap(({ firing_id }) => firing_id ?? [])
  await Promise.all([
    session.run(DELETE_FIRINGS, firings),
    session.run(DELETE_CRON_FIRINGS, firings),
    session.run(DELETE_EXECUTIONS, seqs),
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

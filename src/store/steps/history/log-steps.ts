/** Steps of the logs of attempts and ticks, and the part of a step that writes logs. */

import type { AttemptRef, LogQuery, StoredLogPiece, TickLog } from '../../../engine/log-ports.ts'
import type { Page } from '../../../engine/store-ports.ts'
import { LIST_LAST_PIECES, LIST_PIECES, LIST_TICK_LOGS, OPEN_TICK_LOG, SET_CUT } from '../../sql/history/log-sql.ts'
import { type RowValues, type Session, type Step, toRows } from '../../store-session.ts'

export interface StoredPiece {
  /** Number within its execution, or null while it is not stored. */
  number: number | null
  isDropped: boolean
  readonly records: number
  readonly bytes: number
  cutRecords: number
  cutBytes: number
  /** Empty after it was stored. */
  text: string
}

export interface LogChange {
  readonly attempt: AttemptRef
  readonly added: readonly StoredPiece[]
  readonly dropped: readonly StoredPiece[]
  /** The piece with the number of cut records, if the number has changed. */
  readonly afterCut: StoredPiece | null
}

interface LogEnd {
  readonly id: string
  readonly seq: number
  piece: number
}

/**
 * Writes nothing of an execution that was removed. Numbers the added pieces within the step, because a later step of
 * the same transaction may drop them. If the step runs again, they get other numbers.
 */
export function* writeLogs(session: Session, changes: readonly LogChange[]): Step<void> {
  const sql = session.sql.logs
  const ends = yield* lockedEnds(session, [...new Set(changes.map(({ attempt }) => attempt.executionId))])
  const rows: RowValues[] = []
  for (const { attempt, added, dropped, afterCut } of changes) {
    for (const piece of added) piece.number = null
    const end = ends.get(attempt.executionId)
    if (end === undefined) continue
    const numbers = dropped.flatMap(({ number }) => number ?? [])
    if (numbers.length > 0) session.run(sql.deletePieces, end.seq, numbers, attempt.taskId, attempt.attempt)
    if (afterCut !== null && afterCut.number !== null) {
      session.run(SET_CUT, end.seq, afterCut.number, afterCut.cutRecords, afterCut.cutBytes)
    }
    for (const piece of added) {
      if (piece.isDropped) continue
      piece.number = end.piece += 1
      const { records, bytes, cutRecords, cutBytes, text } = piece
      rows.push([end.seq, end.piece, attempt.taskId, attempt.attempt, records, bytes, cutRecords, cutBytes, text])
    }
  }
  session.each(sql.insertPiece, rows)
}

function* lockedEnds(session: Session, ids: readonly string[]): Step<ReadonlyMap<string, LogEnd>> {
  const { lockActiveEnds, lockEndedEnds } = session.sql.logs
  const ends = new Map<string, LogEnd>()
  for (const statement of [lockActiveEnds, lockEndedEnds]) {
    const missing = ids.filter((id) => !ends.has(id))
    for (const end of yield* session.allEach<LogEnd>(statement, toRows(missing))) ends.set(end.id, end)
  }
  return ends
}

export function* listLog(session: Session, query: LogQuery): Step<readonly StoredLogPiece[]> {
  const { executionId, taskId = null, afterPiece = 0, beforePiece, limit } = query
  const attempt = taskId === null ? null : (query.attempt ?? null)
  const isFromEnd = beforePiece !== undefined
  const statement = isFromEnd ? LIST_LAST_PIECES : LIST_PIECES
  const values = [executionId, beforePiece ?? afterPiece, taskId, attempt, limit]
  const pieces = yield* session.all<StoredLogPiece>(statement, ...values)
  return isFromEnd ? pieces.reverse() : pieces
}

/** Lists logs, newest first. The log of the open run of skips is the newest. */
export function* listTickLogs(
  session: Session,
  trigger: string,
  { limit, offset, tickPrefix = '' }: Page & { readonly tickPrefix?: string },
): Step<readonly TickLog[]> {
  // One row more than the page has, because it depends on the open run where the page begins.
  const from = Math.max(0, offset - 1)
  const open = session.all<TickLog>(OPEN_TICK_LOG, trigger, tickPrefix)
  const closed = session.all<TickLog>(LIST_TICK_LOGS, trigger, tickPrefix, limit + 1, from)
  const newest = yield* open
  const shown = offset === 0 ? newest : []
  const skipped = offset === 0 ? 0 : 1 - newest.length
  return [...shown, ...(yield* closed).slice(skipped)].slice(0, limit)
}

/** What happens to the logs of attempts. Each function is part of one step and runs in its transaction. */

import type { LogQuery, Page, StoredLogPiece, TickLog } from '../../../engine/ports.ts'
import { type PieceRecord, storedLogPiece, type TickLogRecord, tickLog } from '../../history-rows.ts'
import type { LogChange } from '../../log-changes.ts'
import type { Connection } from '../file/connection.ts'
import {
  DELETE_PIECE,
  INSERT_PIECE,
  LIST_LAST_PIECES,
  LIST_PIECES,
  LIST_TICK_LOGS,
  LOG_END,
  SET_CUT,
} from './log-queries.ts'

/**
 * Nothing of an execution that has been pruned. Gives the added pieces their numbers, in the step already: a later one of the
 * same transaction may drop them. Run again, it gives them others.
 */
export function writeLogs(connection: Connection, changes: readonly LogChange[]): void {
  let of = ''
  let end: { readonly seq: number; piece: number } | undefined
  for (const change of changes) {
    if (change.attempt.executionId !== of) {
      of = change.attempt.executionId
      end = connection.one(LOG_END, of)
    }
    for (const piece of change.added) piece.number = null
    if (end !== undefined) writeLog(connection, end, change)
  }
}

function writeLog(
  connection: Connection,
  end: { readonly seq: number; piece: number },
  { attempt: { taskId, attempt }, added, dropped, afterCut }: LogChange,
): void {
  const { seq } = end
  for (const { number } of dropped) {
    if (number !== null) connection.run(DELETE_PIECE, seq, number, taskId, attempt)
  }
  if (afterCut !== null && afterCut.number !== null) {
    connection.run(SET_CUT, afterCut.cutRecords, afterCut.cutBytes, seq, afterCut.number)
  }
  for (const piece of added) {
    if (piece.isDropped) continue
    const { records, bytes, cutRecords, cutBytes, text } = piece
    piece.number = end.piece += 1
    connection.run(INSERT_PIECE, seq, end.piece, taskId, attempt, records, bytes, cutRecords, cutBytes, text)
  }
}

export function listTickLogs(
  connection: Connection,
  trigger: string,
  { limit, offset, tickPrefix = '' }: Page & { readonly tickPrefix?: string },
): readonly TickLog[] {
  const which = [trigger, tickPrefix, `${tickPrefix}\u{10FFFF}`]
  const records = connection.all<TickLogRecord>(LIST_TICK_LOGS, ...which, ...which, limit, offset)
  return records.map(tickLog)
}

export function listLog(connection: Connection, query: LogQuery): readonly StoredLogPiece[] {
  const { executionId, taskId, attempt, afterPiece = 0, beforePiece, limit } = query
  const of = [taskId, taskId === undefined ? undefined : attempt].filter((value) => value !== undefined)
  const isFromEnd = beforePiece !== undefined
  const sql = (isFromEnd ? LIST_LAST_PIECES : LIST_PIECES)[of.length] ?? ''
  const records = connection.all<PieceRecord>(sql, executionId, ...of, beforePiece ?? afterPiece, limit)
  if (isFromEnd) records.reverse()
  return records.map(storedLogPiece)
}

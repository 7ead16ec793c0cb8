/** What happens to the logs of attempts. Each function is part of one step and runs in its transaction. */

import type { LogQuery, Page, StoredLogPiece, TickLog } from '../../../engine/ports.ts'
import { type PieceRecord, storedLogPiece, type TickLogRecord, tickLog } from '../../history-rows.ts'
import type { LogChange } from '../../log-changes.ts'
import type { Session } from '../session/session.ts'
import {
  DELETE_PIECES,
  INSERT_PIECES,
  LIST_LAST_PIECES,
  LIST_PIECES,
  LIST_TICK_LOGS,
  LOG_ENDS,
  SET_CUTS,
} from './log-queries.ts'

interface LogEnd {
  readonly id: string
  readonly seq: number
  piece: number
}

type Row = readonly (string | number)[]

/** See `LogSteps.write`: one statement for all that is added, however many attempts there are. */
async function writeLogs(session: Session, changes: readonly LogChange[]): Promise<void> {
  const ids = [...new Set(changes.map(({ attempt }) => attempt.executionId))]
  const ends = await logEnds(session, ids)
  const deleted: Row[] = []
  const cut: Row[] = []
  const added: Row[] = []
  for (const change of changes) {
    for (const piece of change.added) piece.number = null
    const end = ends.get(change.attempt.executionId)
    if (end === undefined) continue
    const { taskId, attempt } = change.attempt
    for (const { number } of change.dropped) if (number !== null) deleted.push([end.seq, number])
    const { afterCut } = change
    if (afterCut !== null && afterCut.number !== null) {
      cut.push([end.seq, afterCut.number, afterCut.cutRecords, afterCut.cutBytes])
    }
    for (const piece of change.added) {
      if (piece.isDropped) continue
      piece.number = end.piece += 1
      const { records, bytes, cutRecords, cutBytes, text } = piece
      added.push([end.seq, end.piece, taskId, attempt, records, bytes, cutRecords, cutBytes, text])
    }
  }
  await Promise.all([
    added.length > 0 && session.run(INSERT_PIECES, ...columns(added, 9)),
    cut.length > 0 && session.run(SET_CUTS, ...columns(cut, 4)),
    deleted.length > 0 && session.run(DELETE_PIECES, ...columns(deleted, 2)),
  ])
}

async function logEnds(session: Session, ids: readonly string[]): Promise<ReadonlyMap<string, LogEnd>> {
  const [ofActive, ofEnded] = LOG_ENDS
  const active = await session.all<LogEnd>(ofActive, ids)
  const found = new Set(active.map(({ id }) => id))
  const others = ids.filter((id) => !found.has(id))
  const ended = others.length === 0 ? [] : await session.all<LogEnd>(ofEnded, others)
  return new Map([...active, ...ended].map((end) => [end.id, end]))
}

/** Rows as a list for each column. */
function columns(rows: readonly Row[], count: number): Row[] {
  return Array.from({ length: count }, (_, index) => rows.map((row) => row[index] ?? ''))
}

async function listTickLogs(
  session: Session,
  trigger: string,
  { limit, offset, tickPrefix = '' }: Page & { readonly tickPrefix?: string },
): Promise<readonly TickLog[]> {
  return (await session.all<TickLogRecord>(LIST_TICK_LOGS, trigger, limit, offset, tickPrefix)).map(tickLog)
}

async function listLog(session: Session, query: LogQuery): Promise<readonly StoredLogPiece[]> {
  const { executionId, taskId = null, afterPiece = 0, beforePiece, limit } = query
  const attempt = taskId === null ? null : (query.attempt ?? null)
  const isFromEnd = beforePiece !== undefined
  const sql = isFromEnd ? LIST_LAST_PIECES : LIST_PIECES
  const records = await session.all<PieceRecord>(sql, executionId, beforePiece ?? afterPiece, taskId, attempt, limit)
  if (isFromEnd) records.reverse()
  return records.map(storedLogPiece)
}

/** What the log writer needs. */
export const LOG_STEPS = { write: writeLogs, list: listLog, listOfTicks: listTickLogs }

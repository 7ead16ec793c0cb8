/** Part of the steps that end executions: it moves their rows, and completes their firings and requests. */

import type { ExecutionEnd, Settlement } from '../../../engine/store-ports.ts'
import type { ExecutionOrigin } from '../../../model/execution.ts'
import type { OwnedRecord } from '../../store-rows.ts'
import type { RowValues, Session } from '../../store-session.ts'
import { answerAtEnd } from './requests.ts'

export interface EndingRecord extends Pick<OwnedRecord, 'seq' | 'id' | 'request' | 'request_number' | 'origin_source'> {
  readonly origin: ExecutionOrigin['kind']
  readonly firing_id: string | null
}

interface Ending {
  readonly record: EndingRecord
  readonly settlement: Pick<Settlement, 'changes' | 'cancelReport' | 'end'>
}

/** Also answers the requests that wait. */
export function writeEnds(session: Session, endings: readonly Ending[]): void {
  const { end: moves, insertFinals, completeFirings } = session.sql.executions
  const [ended, finals, firings]: [RowValues[], RowValues[], RowValues[]] = [[], [], []]
  for (const { record, settlement } of endings) {
    const { end } = settlement
    if (end === null) continue
    answerAtEnd(session, record, end, settlement.cancelReport)
    const finalTaskId = finalTaskOf(settlement.changes, end)
    ended.push([end.status, end.endedAt, finalTaskId, end.errorMessage, end.failure?.cause ?? null, record.id])
    if (finalTaskId === null) finals.push([record.seq, end.finalText])
    if (record.origin === 'trigger') firings.push([end.endedAt, record.firing_id])
    if (record.origin === 'call' || record.origin === 'child') session.notifyEngines()
  }
  if (ended.length === 0) return
  for (const move of moves) session.each(move, ended)
  session.each(insertFinals, finals)
  for (const complete of completeFirings) session.each(complete, firings)
}

/** Returns the task whose output is the final context. It is nearly always the task that has just completed. */
function finalTaskOf(changes: Settlement['changes'], { finalText }: ExecutionEnd): string | null {
  return changes.find(({ outputText }) => outputText === finalText)?.taskId ?? null
}

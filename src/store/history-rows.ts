/**
 * What happened, as rows of the tables and as values of the model: attempts, actions, alerts and logs. As in `rows.ts`, a record has the
 * columns of its query.
 */

import type { StoredLogPiece, TickLog } from '../engine/ports.ts'
import type { ActionKind, ActionRow, ActionSource } from '../model/action.ts'
import type { AlertDelivery, AlertKind, AlertRow } from '../model/alert.ts'
import type { AttemptRow } from '../model/execution.ts'
import type { PythonFault } from '../model/fault.ts'
import type { TickOutcome } from '../model/schedule.ts'
import { type Flag, fault } from './rows.ts'

export interface AttemptRecord {
  readonly task_id: string
  readonly attempt: number
  readonly outcome: AttemptRow['outcome']
  readonly queued_at: number | null
  readonly started_at: number | null
  readonly ended_at: number
  readonly error: string | null
}

export function attemptRow(record: AttemptRecord): AttemptRow {
  return {
    taskId: record.task_id,
    attempt: record.attempt,
    outcome: record.outcome,
    queuedAt: record.queued_at,
    startedAt: record.started_at,
    endedAt: record.ended_at,
    error: fault(record.error),
  }
}

/** What is known of an attempt whose end nobody reported. */
export const PROCESS_DIED: PythonFault = {
  type: 'ProcessDied',
  message: 'The process that was running this attempt ended before the attempt was finished.',
  traceback: '',
}

export const RUNNER_STOPPED: PythonFault = {
  type: 'RunnerStopped',
  message: 'The runner stopped without waiting for this attempt to end.',
  traceback: '',
}

export interface ActionRecord {
  readonly id: string
  readonly kind: ActionKind
  readonly target: string
  readonly source: ActionSource
  readonly note: string | null
  readonly arguments: string | null
  readonly created_at: number
  readonly answered_at: number | null
  readonly is_refused: Flag
  readonly answer: string | null
}

export function actionRow(record: ActionRecord): ActionRow {
  const { id, kind, target, source, note, created_at, answered_at } = record
  return {
    id,
    kind,
    target,
    source,
    note,
    argumentsText: record.arguments,
    at: created_at,
    answer: answered_at === null ? null : { isRefused: Boolean(record.is_refused), text: record.answer },
    answeredAt: answered_at,
  }
}

export interface AlertRecord {
  readonly id: string
  readonly kind: string
  readonly subject: string | null
  readonly message: string
  readonly raised_at: number
  readonly deliveries: string
}

export function alertRow({ kind, raised_at, deliveries, ...record }: AlertRecord): AlertRow {
  return {
    id: record.id,
    kind: kind as AlertKind,
    subject: record.subject,
    message: record.message,
    at: raised_at,
    deliveries: JSON.parse(deliveries) as AlertDelivery[],
  }
}

export interface PieceRecord {
  readonly piece: number
  readonly task_id: string
  readonly attempt: number
  readonly records: number
  readonly bytes: number
  readonly cut_records: number
  readonly cut_bytes: number
  readonly text: string
}

export function storedLogPiece({ task_id, cut_records, cut_bytes, ...rest }: PieceRecord): StoredLogPiece {
  return { ...rest, taskId: task_id, cutRecords: cut_records, cutBytes: cut_bytes }
}

export interface TickLogRecord {
  readonly id: string
  readonly outcome: TickOutcome
  readonly at: number
  readonly text: string
}

export function tickLog({ id, outcome, at, text }: TickLogRecord): TickLog {
  return { tickId: id, outcome, at, text }
}

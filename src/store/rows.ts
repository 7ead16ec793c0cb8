/**
 * Rows of queries as values of the model. Most queries return the names of the model. Their records differ from its
 * rows only in columns that are stored as JSON text, and in truth values. Contexts stay as they are.
 */

import type { NumberedRequest, SteeringRequest } from '../model/action.ts'
import type { Execution, ExecutionOrigin, ExecutionSummary, TaskRun } from '../model/execution.ts'
import { boundedFault, type PythonFault } from '../model/fault.ts'
import { DEFAULT_POLICY, type TriggerOverrides } from '../model/policy.ts'
import type { TickRow, TriggerRow } from '../model/schedule.ts'

/** Truth value as a database returns it: SQLite has 0 and 1. */
type Flag = boolean | number

/** A row of the model as a query returns it: some columns as JSON text or null, and some as truth values. */
export type Stored<Row, Json extends keyof Row, Flags extends keyof Row = never> = Omit<Row, Json | Flags> & {
  readonly [Column in Json]: string | null
} & { readonly [Column in Flags]: Flag }

export type TriggerRecord = Stored<
  Omit<TriggerRow, 'declared'>,
  'policy' | 'overrides',
  'allowConcurrent' | 'isEnabled'
>

/** `bufferedPollAt`: time of the last poll that is not written yet. */
export function triggerRow(record: TriggerRecord, bufferedPollAt: number | null): TriggerRow {
  const declared = { ...DEFAULT_POLICY, ...jsonOrEmpty(record.policy), pollIntervalMs: record.pollIntervalMs }
  const overrides: TriggerOverrides = jsonOrEmpty(record.overrides)
  const { pollIntervalMs, ...policy } = { ...declared, ...overrides }
  const { lastPollAt: storedAt } = record
  const isBuffered = storedAt === null || (bufferedPollAt !== null && bufferedPollAt > storedAt)
  return {
    ...record,
    pollIntervalMs,
    policy,
    declared,
    overrides,
    allowConcurrent: Boolean(record.allowConcurrent),
    isEnabled: Boolean(record.isEnabled),
    lastPollAt: isBuffered ? bufferedPollAt : storedAt,
  }
}

export function jsonOrEmpty(text: string | null): object {
  return text === null ? {} : (JSON.parse(text) as object)
}

export interface TickRecord extends Stored<Omit<TickRow, 'trigger' | 'errorType' | 'errorMessage'>, never, 'hasLog'> {
  readonly seq: number
  readonly error: string | null
}

export function tickRow({ seq: _, error, hasLog, ...tick }: TickRecord, trigger: string): TickRow {
  const { type: errorType = null, message: errorMessage = null } = fault(error) ?? {}
  return { ...tick, trigger, errorType, errorMessage, hasLog: Boolean(hasLog) }
}

/** An execution, with the names of the columns, which both tables of executions have. */
export interface ExecutionRecord extends Pick<ExecutionSummary, 'id' | 'workflow' | 'version' | 'status'> {
  readonly seq: number
  readonly origin: ExecutionOrigin['kind']
  readonly origin_source: string | null
  readonly schedule_id: string | null
  readonly firing_id: string | null
  readonly created_at: number
  readonly started_at: number | null
  readonly ended_at: number | null
  readonly final_task_id: string | null
  readonly error_message: string | null
  readonly retry_of: string | null
  readonly paused_at: number | null
  readonly cancel_requested_at: number | null
}

/** An active execution with its owner, and the request that waits. */
export interface OwnedRecord extends ExecutionRecord {
  readonly owner_seq: number | null
  readonly owner_number: number
  readonly request_number: number
  /** JSON of a `SteeringRequest`, or null. */
  readonly request: string | null
}

/** Returns the request that waits, or null. */
export function requestOf(record: Pick<OwnedRecord, 'request' | 'request_number'>): NumberedRequest | null {
  const { request, request_number: number } = record
  return request === null ? null : { ...(JSON.parse(request) as SteeringRequest), number }
}

export function executionSummary(record: ExecutionRecord): ExecutionSummary {
  const { id, workflow, version, status } = record
  return {
    id,
    workflow,
    version,
    status,
    origin: originOf(record),
    createdAt: record.created_at,
    startedAt: record.started_at,
    endedAt: record.ended_at,
    errorMessage: record.error_message,
    retryOf: record.retry_of,
    pausedAt: record.paused_at,
    cancelRequestedAt: record.cancel_requested_at,
  }
}

export interface TaskRecord extends Stored<TaskRun, 'error'> {
  readonly execution_seq: number
  readonly seq: number
}

/** Lists the columns, because acquisitions call this often, and a copy of the other columns takes longer. */
export function taskRun(record: TaskRecord): TaskRun {
  const { taskId, fullName, status, attempts, recoveries, notBeforeAt } = record
  const { startedAt, endedAt, finishedOrder, outputText } = record
  const state = { status, attempts, recoveries, notBeforeAt, startedAt, endedAt, finishedOrder, outputText }
  return { taskId, fullName, ...state, error: fault(record.error) }
}

/** `storedFinal`: the final context, unless it is the output of the final task. */
export function execution(
  record: ExecutionRecord,
  inputText: string,
  storedFinal: string | null,
  tasks: readonly TaskRun[],
): Execution {
  const finalTask = tasks.find((task) => task.taskId === record.final_task_id)
  return { ...executionSummary(record), inputText, finalText: finalTask?.outputText ?? storedFinal, tasks }
}

/** Returns the text of an error as it is stored, which is limited whatever the caller has done. */
export function faultText(error: PythonFault | null): string | null {
  return error === null ? null : JSON.stringify(boundedFault(error))
}

export function fault(text: string | null): PythonFault | null {
  return text === null ? null : (JSON.parse(text) as PythonFault)
}

/** Returns a row with its error as a value. */
export function withFault<Row extends { readonly error: string | null }>(row: Row) {
  return { ...row, error: fault(row.error) }
}

/** Returns the columns `origin_source`, `schedule_id`, which only executions of cron triggers have, and `firing_id`. */
export function originColumns(origin: ExecutionOrigin): readonly (string | null)[] {
  switch (origin.kind) {
    case 'call':
      return [null, null, null]
    case 'trigger':
      return [origin.trigger, null, origin.firingId]
    case 'cron': {
      const { trigger, scheduleId, firingId } = origin
      return trigger === null ? [scheduleId, null, firingId] : [trigger, scheduleId, firingId]
    }
    case 'reactor':
      return [origin.reactor, null, origin.firingId]
  }
}

function originOf({ origin, origin_source, schedule_id, firing_id }: ExecutionRecord): ExecutionOrigin {
  const [source, firingId] = [origin_source ?? '', firing_id ?? '']
  switch (origin) {
    case 'trigger':
      return { kind: 'trigger', trigger: source, firingId }
    case 'cron':
      return schedule_id === null
        ? { kind: 'cron', scheduleId: source, trigger: null, firingId }
        : { kind: 'cron', scheduleId: schedule_id, trigger: source, firingId }
    case 'reactor':
      return { kind: 'reactor', reactor: source, firingId }
    case 'call':
      return { kind: 'call' }
  }
}

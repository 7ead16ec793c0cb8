/**
 * Rows of queries as values of the model. Most queries return the names of the model. Their records differ from its
 * rows only in columns that are stored as JSON text, and in truth values. Contexts stay as they are.
 */

import type { NumberedRequest, SteeringRequest } from '../model/action.ts'
import type { Execution, ExecutionOrigin, ExecutionSummary, TaskRun } from '../model/execution.ts'
import { limitedFault, type PythonFault } from '../model/fault.ts'
import { DEFAULT_POLICY, type TriggerOverrides } from '../model/policy.ts'
import type { TickRow, TriggerRow } from '../model/schedule-rows.ts'
import type { Tags } from '../model/workflow.ts'

/** Truth value as a database returns it: SQLite has 0 and 1. */
type Flag = boolean | number

/** A row of the model as a query returns it: some columns as JSON text or null, and some as truth values. */
export type Stored<Row, Json extends keyof Row, Flags extends keyof Row = never> = Omit<Row, Json | Flags> & {
  readonly [Column in Json]: string | null
} & { readonly [Column in Flags]: Flag }

export type TriggerRecord = Stored<
  Omit<TriggerRow, 'declared'>,
  'policy' | 'overrides' | 'tags',
  'allowConcurrent' | 'takesState' | 'isEnabled'
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
    tags: storedTags(record.tags),
    allowConcurrent: Boolean(record.allowConcurrent),
    takesState: Boolean(record.takesState),
    isEnabled: Boolean(record.isEnabled),
    lastPollAt: isBuffered ? bufferedPollAt : storedAt,
  }
}

export function jsonOrEmpty(text: string | null): object {
  return text === null ? {} : (JSON.parse(text) as object)
}

export function tagsJson(tags: Tags | null): string | null {
  return tags === null ? null : JSON.stringify(tags)
}

export function storedTags(text: string | null): Tags | null {
  return text === null ? null : (JSON.parse(text) as Tags)
}

type TickColumns = Omit<TickRow, 'trigger' | 'errorType' | 'errorMessage'>

export interface TickRecord extends Stored<TickColumns, never, 'hasLog' | 'changesState'> {
  readonly seq: number
  readonly error: string | null
}

export function tickRow({ seq: _, error, hasLog, changesState, ...tick }: TickRecord, trigger: string): TickRow {
  const { type: errorType = null, message: errorMessage = null } = fault(error) ?? {}
  return { ...tick, trigger, errorType, errorMessage, hasLog: Boolean(hasLog), changesState: Boolean(changesState) }
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
  readonly cause: string | null
  readonly retry_of: string | null
  readonly paused_at: number | null
  readonly cancel_requested_at: number | null
  readonly priority: number
}

export interface OwnedRecord extends ExecutionRecord {
  readonly owner_seq: number | null
  readonly owner_number: number
  readonly request_number: number
  /** JSON of a `SteeringRequest`, or null. */
  readonly request: string | null
  readonly rank: number
  readonly queued_at: number
  /** JSON text of the value for which the limit of its workflow counts it. Null: its workflow had no limit. */
  readonly limit_value: string | null
  readonly waits_for: string | null
}

export function storedRequest(record: Pick<OwnedRecord, 'request' | 'request_number'>): NumberedRequest | null {
  const { request, request_number: number } = record
  return request === null ? null : { ...(JSON.parse(request) as SteeringRequest), number }
}

export function executionSummary(record: ExecutionRecord): ExecutionSummary {
  const { id, workflow, version, status, priority, error_message: errorMessage, cause, retry_of: retryOf } = record
  const { created_at: createdAt, started_at: startedAt, ended_at: endedAt, paused_at: pausedAt } = record
  const times = { createdAt, startedAt, endedAt, pausedAt, cancelRequestedAt: record.cancel_requested_at }
  return { id, workflow, version, status, priority, origin: originOf(record), errorMessage, cause, retryOf, ...times }
}

export interface TaskRecord extends Stored<TaskRun, 'error'> {
  readonly triesLater: number
  readonly execution_seq: number
  readonly seq: number
}

/** Lists the columns, because acquisitions call this often, and a copy of the other columns takes longer. */
export function taskRun(record: TaskRecord): TaskRun {
  const { taskId, fullName, status, attempts, recoveries, triesLater, notBeforeAt } = record
  const { startedAt, endedAt, finishedOrder, outputText } = record
  const state = { status, attempts, recoveries, notBeforeAt, startedAt, endedAt, finishedOrder, outputText }
  const run = { taskId, fullName, ...state, error: fault(record.error) }
  return triesLater === 0 ? run : { ...run, triesLater }
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

/** Returns the stored text of an error, which is limited in length. */
export function faultText(error: PythonFault | null): string | null {
  return error === null ? null : JSON.stringify(limitedFault(error))
}

export function fault(text: string | null): PythonFault | null {
  return text === null ? null : (JSON.parse(text) as PythonFault)
}

export function withFault<Row extends { readonly error: string | null }>(row: Row) {
  return { ...row, error: fault(row.error) }
}

/** Returns the columns `origin_source`, `schedule_id` and `firing_id`. See the table for their meaning by origin. */
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
    case 'backfill': {
      const { trigger, schedule, backfillId } = origin
      return trigger === null ? [schedule, null, backfillId] : [trigger, schedule, backfillId]
    }
    case 'child':
      return [origin.parent, origin.task, null]
    case 'refire':
      return [origin.trigger, origin.firingId, origin.refireId]
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
    case 'backfill':
      return schedule_id === null
        ? { kind: 'backfill', schedule: source, trigger: null, backfillId: firingId }
        : { kind: 'backfill', schedule: schedule_id, trigger: source, backfillId: firingId }
    case 'child':
      return { kind: 'child', parent: source, task: schedule_id ?? '' }
    case 'refire':
      return { kind: 'refire', trigger: source, firingId: schedule_id ?? '', refireId: firingId }
    case 'call':
      return { kind: 'call' }
  }
}

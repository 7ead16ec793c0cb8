/**
 * Rows of the tables as the values of the model. A record type has the columns of its query, spelled as in SQL;
 * a function of this file is the only place that turns it around. Faults are stored as JSON text, contexts as they are.
 */

import type { InstanceCode } from '../engine/ports.ts'
import type { NumberedRequest, SteeringRequest } from '../model/action.ts'
import type {
  Execution,
  ExecutionOrigin,
  ExecutionStatus,
  ExecutionSummary,
  TaskRun,
  TaskStatus,
} from '../model/execution.ts'
import { boundedFault, type PythonFault } from '../model/fault.ts'
import { type Catchup, DEFAULT_POLICY, type TriggerOverrides, type TriggerPolicy } from '../model/policy.ts'
import type { CronFiringRow, CronRow, FiringRow, TickOutcome, TickRow, TriggerRow } from '../model/schedule.ts'

/** A truth value as a database has it: SQLite's are 0 and 1. */
export type Flag = boolean | number

export interface TriggerRecord {
  readonly seq: number
  readonly id: string
  readonly name: string
  readonly workflow: string
  readonly poll_interval_ms: number
  readonly allow_concurrent: Flag
  readonly policy: string | null
  readonly overrides: string | null
  readonly enabled: Flag
  readonly note: string | null
  readonly failures_in_row: number
  readonly created_at: number
  readonly updated_at: number
  readonly last_poll_at: number | null
  readonly undeclared_at: number | null
}

/** `bufferedPollAt` is the last poll that is not written yet. */
export function triggerRow(record: TriggerRecord, bufferedPollAt: number | null): TriggerRow {
  const declared = { ...DEFAULT_POLICY, ...jsonOrEmpty(record.policy), pollIntervalMs: record.poll_interval_ms }
  const overrides: TriggerOverrides = jsonOrEmpty(record.overrides)
  const { pollIntervalMs, ...policy } = { ...declared, ...overrides }
  return {
    id: record.id,
    name: record.name,
    workflow: record.workflow,
    pollIntervalMs,
    allowConcurrent: Boolean(record.allow_concurrent),
    policy,
    declared,
    overrides,
    isEnabled: Boolean(record.enabled),
    note: record.note,
    failuresInRow: record.failures_in_row,
    lastPollAt: later(record.last_poll_at, bufferedPollAt),
    undeclaredAt: record.undeclared_at,
    createdAt: record.created_at,
    updatedAt: record.updated_at,
  }
}

/** What differs from the default, so that a policy that says nothing is NULL, as it was before there were policies. */
export function policyText(policy: TriggerPolicy): string | null {
  const given = Object.entries(policy).filter(([name, value]) => value !== DEFAULT_POLICY[name as keyof TriggerPolicy])
  return given.length === 0 ? null : JSON.stringify(Object.fromEntries(given))
}

export function overridesText(overrides: TriggerOverrides): string | null {
  return Object.keys(overrides).length === 0 ? null : JSON.stringify(overrides)
}

function jsonOrEmpty(text: string | null): object {
  return text === null ? {} : (JSON.parse(text) as object)
}

export interface FiringRecord {
  readonly id: string
  readonly trigger_id: string
  readonly context_hash: string
  readonly execution_id: string | null
  readonly fired_at: number
  readonly completed_at: number | null
}

export function firingRow(record: FiringRecord): FiringRow {
  return {
    id: record.id,
    triggerId: record.trigger_id,
    contextHash: record.context_hash,
    executionId: record.execution_id,
    startedAt: record.fired_at,
    completedAt: record.completed_at,
    createdAt: record.fired_at,
  }
}

export interface TickRecord {
  readonly seq: number
  readonly id: string
  readonly outcome: TickOutcome
  readonly first_at: number
  readonly last_at: number
  readonly count: number
  readonly lateness_ms: number | null
  readonly duration_ms: number | null
  readonly reason: string | null
  readonly firing_id: string | null
  readonly execution_id: string | null
  readonly error: string | null
  readonly has_log: Flag
}

export function tickRow(record: TickRecord, trigger: string): TickRow {
  const error = fault(record.error)
  return {
    id: record.id,
    trigger,
    outcome: record.outcome,
    firstAt: record.first_at,
    lastAt: record.last_at,
    count: record.count,
    latenessMs: record.lateness_ms,
    durationMs: record.duration_ms,
    reason: record.reason,
    errorType: error?.type ?? null,
    errorMessage: error?.message ?? null,
    firingId: record.firing_id,
    executionId: record.execution_id,
    hasLog: Boolean(record.has_log),
  }
}

export interface ExecutionRecord {
  readonly seq: number
  readonly id: string
  readonly workflow: string
  readonly version: string
  readonly status: ExecutionStatus
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

/** An execution under way, with its owner's number and the request that waits. */
export interface OwnedRecord extends ExecutionRecord {
  readonly owner_seq: number | null
  readonly owner_number: number
  readonly request_number: number
  /** JSON of a `SteeringRequest`, or null. */
  readonly request: string | null
}

/** The request that waits, with its number. */
export function requestOf({
  request,
  request_number,
}: Pick<OwnedRecord, 'request' | 'request_number'>): NumberedRequest | null {
  return request === null ? null : { ...(JSON.parse(request) as SteeringRequest), number: request_number }
}

export function executionSummary(record: ExecutionRecord): ExecutionSummary {
  return {
    id: record.id,
    workflow: record.workflow,
    version: record.version,
    status: record.status,
    origin: origin(record),
    createdAt: record.created_at,
    startedAt: record.started_at,
    endedAt: record.ended_at,
    errorMessage: record.error_message,
    retryOf: record.retry_of,
    pausedAt: record.paused_at,
    cancelRequestedAt: record.cancel_requested_at,
  }
}

export interface TaskRecord {
  readonly seq: number
  readonly task_id: string
  readonly full_name: string
  readonly status: TaskStatus
  readonly attempts: number
  readonly recoveries: number
  readonly not_before_at: number | null
  readonly started_at: number | null
  readonly ended_at: number | null
  readonly finished_order: number | null
  readonly error: string | null
  readonly output: string | null
}

export function taskRun(record: TaskRecord): TaskRun {
  return {
    taskId: record.task_id,
    fullName: record.full_name,
    status: record.status,
    attempts: record.attempts,
    recoveries: record.recoveries,
    notBeforeAt: record.not_before_at,
    startedAt: record.started_at,
    endedAt: record.ended_at,
    finishedOrder: record.finished_order,
    outputText: record.output,
    error: fault(record.error),
  }
}

/** `storedFinal` is the final context's own row, where it is no task's output. */
export function execution(
  record: ExecutionRecord,
  inputText: string,
  storedFinal: string | null,
  tasks: readonly TaskRun[],
): Execution {
  const finalTask = tasks.find((task) => task.taskId === record.final_task_id)
  return { ...executionSummary(record), inputText, finalText: finalTask?.outputText ?? storedFinal, tasks }
}

/** As a row of an instance has them: each behind its kind, "poll inbox", "cron nightly". */
export function declaredNames({ polled, crons }: Pick<InstanceCode, 'polled' | 'crons'>): readonly string[] {
  return [...polled.map((name) => `poll ${name}`), ...crons.map((name) => `cron ${name}`)]
}

/** A process without any, such as one that only starts workflows, says nothing about those of others. */
export function declaresTriggers(code: InstanceCode | undefined): boolean {
  return code !== undefined && code.polled.length + code.crons.length > 0
}

interface CronOverrides {
  readonly catchup?: Catchup
}

export interface CronRecord {
  readonly id: string
  readonly workflow: string
  readonly expression: string
  readonly timezone: string
  readonly catchup: Catchup | null
  readonly overrides: string | null
  readonly enabled: Flag
  readonly next_run_at: number | null
  readonly last_run_at: number | null
  readonly last_scheduled_at: number | null
  readonly created_at: number
  readonly updated_at: number
  readonly trigger_name: string | null
  readonly undeclared_at: number | null
  readonly instance_name: string | null
  readonly params: string | null
}

export function cronRow(record: CronRecord): CronRow {
  return {
    id: record.id,
    workflow: record.workflow,
    expression: record.expression,
    timezone: record.timezone,
    catchup: (jsonOrEmpty(record.overrides) as CronOverrides).catchup ?? record.catchup ?? 'skip',
    isEnabled: Boolean(record.enabled),
    nextRunAt: record.next_run_at,
    lastRunAt: record.last_run_at,
    lastScheduledAt: record.last_scheduled_at,
    createdAt: record.created_at,
    updatedAt: record.updated_at,
    triggerName: record.trigger_name,
    undeclaredAt: record.undeclared_at,
    instanceName: record.instance_name,
    paramsText: record.params,
  }
}

/** What is the default stays NULL, as it was before it could be anything else. */
export function catchupText(catchup: Catchup): string | null {
  return catchup === 'skip' ? null : catchup
}

export function cronOverridesText(catchup: Catchup | null): string | null {
  return catchup === null ? null : JSON.stringify({ catchup } satisfies CronOverrides)
}

/** A firing of a schedule that has no run counts as lost from this age on. */
export const LOST_AFTER_MS = 600_000

export interface CronFiringRecord {
  readonly id: string
  readonly cron_id: string
  readonly scheduled_at: number
  readonly claimed_at: number
  readonly execution_id: string | null
  readonly recovery_attempts: number
  readonly updated_at: number
}

export function cronFiringRow(record: CronFiringRecord): CronFiringRow {
  return {
    id: record.id,
    scheduleId: record.cron_id,
    scheduledAt: record.scheduled_at,
    claimedAt: record.claimed_at,
    executionId: record.execution_id,
    recoveryAttempts: record.recovery_attempts,
    createdAt: record.claimed_at,
    updatedAt: record.updated_at,
  }
}

/** Returns the text of an error as it is stored, which is limited whatever the caller has done. */
export function faultText(error: PythonFault | null): string | null {
  return error === null ? null : JSON.stringify(boundedFault(error))
}

export function fault(text: string | null): PythonFault | null {
  return text === null ? null : (JSON.parse(text) as PythonFault)
}

/** Returns the column `origin_source`: the name of the trigger or reactor that started it, or else the id of the schedule. */
export function originSource(origin: ExecutionOrigin): string | null {
  switch (origin.kind) {
    case 'call':
      return null
    case 'trigger':
      return origin.trigger
    case 'cron':
      return origin.trigger ?? origin.scheduleId
    case 'reactor':
      return origin.reactor
  }
}

/** Returns the column `schedule_id`, which only executions of cron triggers have. */
export function originSchedule(origin: ExecutionOrigin): string | null {
  return origin.kind === 'cron' && origin.trigger !== null ? origin.scheduleId : null
}

/** The column `firing_id`. */
export function originFiring(origin: ExecutionOrigin): string | null {
  return origin.kind === 'call' ? null : origin.firingId
}

function origin(record: ExecutionRecord): ExecutionOrigin {
  const source = record.origin_source ?? ''
  const firingId = record.firing_id ?? ''
  switch (record.origin) {
    case 'trigger':
      return { kind: 'trigger', trigger: source, firingId }
    case 'cron':
      return record.schedule_id === null
        ? { kind: 'cron', scheduleId: source, trigger: null, firingId }
        : { kind: 'cron', scheduleId: record.schedule_id, trigger: source, firingId }
    case 'reactor':
      return { kind: 'reactor', reactor: source, firingId }
    case 'call':
      return { kind: 'call' }
  }
}

function later(one: number | null, other: number | null): number | null {
  return one === null || (other !== null && other > one) ? other : one
}

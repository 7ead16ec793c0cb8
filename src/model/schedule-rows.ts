/** Rows of triggers, cron schedules, backfills and instances, as the store returns them. */

import type { ExecutionStatus } from './execution.ts'
import type { Catchup, TriggerOverrides, TriggerPolicy, TriggerSettings } from './policy.ts'
import type { Tags } from './workflow.ts'

/** State of a polled trigger, kept across restarts and new code. Times are in milliseconds since 1970. */
export interface TriggerRow {
  readonly id: string
  readonly name: string
  readonly workflow: string
  /** Effective interval: the override if there is one, else the value in the code. */
  readonly pollIntervalMs: number
  readonly allowConcurrent: boolean
  /** Effective rules, with overrides. */
  readonly policy: TriggerPolicy
  /** Settings in the code. */
  readonly declared: TriggerSettings
  /** Settings that a user has overridden, or {}. */
  readonly overrides: TriggerOverrides
  /** Whether its function receives a state. */
  readonly takesState: boolean
  /** Number of its executions that wait until fewer than `policy.maxActive` are active. It is not polled before. */
  readonly waitingExecutions: number
  /** Tags in the code. Null for those of the workflow. */
  readonly tags: Tags | null
  /** Priority in the code of the executions that it starts, from -100 to 100. Null for that of the workflow. */
  readonly priority: number | null
  readonly isEnabled: boolean
  /** Reason for the last change of `isEnabled`, or null. */
  readonly note: string | null
  /** Number of consecutive polls that failed or timed out, up to now. Enabling the trigger resets it. */
  readonly failuresInRow: number
  readonly lastPollAt: number | null
  /** Time since which no serving engine has declared the trigger. Null while one does, or if it is unknown. */
  readonly undeclaredAt: number | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** Firing of a trigger, without duplicates. Times are in milliseconds since 1970. */
export interface FiringRow {
  readonly id: string
  readonly triggerId: string
  /** First 16 digits of the fingerprint of the context, or `fire_no_context`. */
  readonly contextHash: string
  /** Id of the execution. Null until it is stored, or if the workflow could not be started. */
  readonly executionId: string | null
  readonly startedAt: number
  /** End of the execution. Null while it is active. */
  readonly completedAt: number | null
  readonly createdAt: number
}

/**
 * Outcome of a poll. `limited`: the trigger fired, but started nothing because it had reached `maxActive`. `refused`:
 * the trigger fired, but started nothing because its workflow is not declared.
 */
export type TickOutcome = 'skipped' | 'fired' | 'duplicate' | 'limited' | 'refused' | 'failed' | 'timedOut'

/** Record of a poll. Consecutive skips with the same reason share one record. Times are in milliseconds since 1970. */
export interface TickRow {
  readonly id: string
  readonly trigger: string
  readonly outcome: TickOutcome
  readonly firstAt: number
  readonly lastAt: number
  /** Number of polls that share the record. */
  readonly count: number
  /**
   * Delay between the due time and the poll, in milliseconds; the longest if polls share the record. Null if the poll
   * was not due or the delay was not recorded.
   */
  readonly latenessMs: number | null
  /**
   * Duration of the poll in milliseconds, including the wait for its interpreter; the longest if polls share the
   * record. Null if it was not recorded.
   */
  readonly durationMs: number | null
  /** Reason why the poll skipped or started nothing, or null. */
  readonly reason: string | null
  readonly errorType: string | null
  readonly errorMessage: string | null
  /** Number of firings that the poll returned, also those that started nothing. */
  readonly firings: number
  /** Number of those firings that were duplicates. */
  readonly duplicates: number
  /**
   * Id of the firing. For a duplicate: id of the active firing with the same context, or of the firing with the key. Of
   * several firings, the first that started an execution.
   */
  readonly firingId: string | null
  /** Id of the execution of that firing. Null if `firings` is above 1. */
  readonly executionId: string | null
  /** Whether the poll changed the state of the trigger. */
  readonly changesState: boolean
  /** Whether output or log records of the poll are stored. */
  readonly hasLog: boolean
}

/** State of a cron schedule. Times are in milliseconds since 1970. */
export interface CronRow {
  readonly id: string
  readonly workflow: string
  readonly expression: string
  readonly timezone: string
  /** Effective handling of missed times: the override if there is one, else the value in the code. */
  readonly catchup: Catchup
  /** Time without a firing after which the incident `trigger-silent` opens, in milliseconds. Null for never. */
  readonly expectFireMs: number | null
  /** Tags of the cron trigger in the code. Null for those of the workflow. */
  readonly tags: Tags | null
  /** Priority of the cron trigger in the code, from -100 to 100. Null for that of the workflow. */
  readonly priority: number | null
  readonly isEnabled: boolean
  /** Next due time. Null if there is none. */
  readonly nextRunAt: number | null
  /** Time when an engine last fired the schedule. */
  readonly lastRunAt: number | null
  /** Due time of the last firing. */
  readonly lastScheduledAt: number | null
  readonly createdAt: number
  readonly updatedAt: number
  /** Name of the cron trigger that declares the schedule, or null. */
  readonly triggerName: string | null
  /** Time since which no serving engine has declared the cron trigger. Null while one does. */
  readonly undeclaredAt: number | null
  /** Name given to `register_workflow_instance`, unique per workflow, or null. */
  readonly instanceName: string | null
  /** Parameters of the instance as JSON text, which are merged into the context of each run. */
  readonly paramsText: string | null
}

/** Firing of a cron schedule. Times are in milliseconds since 1970. */
export interface CronFiringRow {
  readonly id: string
  readonly scheduleId: string
  /** Due time. */
  readonly scheduledAt: number
  /** Time when an engine claimed the firing. */
  readonly claimedAt: number
  readonly executionId: string | null
  /** Whether the limit of the workflow refused an execution. The firing is not lost, and is not recovered. */
  readonly isLimited: boolean
  /** Number of times that an engine tried to start the lost run again. */
  readonly recoveryAttempts: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** Engine that has the database open. Times are in milliseconds since 1970. */
export interface InstanceRow {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly openedAt: number
  /** Time when the engine last reported that it is running. */
  readonly heartbeatAt: number
  readonly isAlive: boolean
  /** Number of triggers that the engine polls. */
  readonly triggers: number
  /** Number of executions that the engine runs. */
  readonly executions: number
}

/** Number of firings of all cron schedules. */
export interface CronStats {
  readonly total: number
  /** Number of firings with an execution. */
  readonly successful: number
  /** Number of firings without an execution that are older than ten minutes. */
  readonly lost: number
}

/** `completed`: all executions were started and have ended. `completed` and `cancelled` are final. */
export type BatchStatus = 'running' | 'paused' | 'completed' | 'cancelled'

/** The last time, or the last firing, that was handled. `seq`: number of the firing. */
export interface BatchCursor {
  readonly at: number
  readonly seq: number
}

/** Progress of a backfill or refire. Times are in milliseconds since 1970. */
export interface BatchProgress {
  readonly id: string
  readonly workflow: string
  readonly status: BatchStatus
  /** Start of the range. */
  readonly fromAt: number
  /** End of the range, which is not in it. */
  readonly toAt: number
  /** Maximum number of its executions that are active at a time. */
  readonly maxActive: number
  /** Number of executions that were to start when it was created. */
  readonly total: number
  /** Number of started executions. */
  readonly started: number
  /** Number of times that have a firing, or of firings whose execution was pruned. They were left out. */
  readonly leftOut: number
  /** Number of its executions that have not ended. */
  readonly active: number
  readonly cursor: BatchCursor
  readonly createdAt: number
  readonly endedAt: number | null
}

/** Backfill: starts the workflow of a schedule once for each time of its cron expression in a range. */
export interface Backfill extends BatchProgress {
  readonly kind: 'backfill'
  readonly scheduleId: string
  /** Name of the cron trigger that declares the schedule, or null. */
  readonly trigger: string | null
  /** Expression and zone of the schedule when the backfill was created. */
  readonly expression: string
  readonly timezone: string
  /** Whether it also starts times that have a firing. */
  readonly again: boolean
}

/** Refire: starts recorded firings of a polled trigger again, with their stored contexts. */
export interface Refire extends BatchProgress {
  readonly kind: 'refire'
  readonly trigger: string
  /** Only firings whose execution has this status, or null for all. */
  readonly executionStatus: ExecutionStatus | null
}

export type Batch = Backfill | Refire

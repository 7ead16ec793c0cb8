/** Rows about triggers, cron schedules and instances, as the store returns them. Instants are epoch milliseconds. */

import type { Catchup, TriggerOverrides, TriggerPolicy, TriggerSettings } from './policy.ts'

/** A poll trigger's row: one per name and database, kept across restarts and new versions of the code. */
export interface TriggerRow {
  readonly id: string
  readonly name: string
  readonly workflow: string
  /** As it counts: what was set by hand, else what the code declares. */
  readonly pollIntervalMs: number
  readonly allowConcurrent: boolean
  /** As it counts. */
  readonly policy: TriggerPolicy
  /** What the code declares. */
  readonly declared: TriggerSettings
  /** What was set by hand; {} for nothing. */
  readonly overrides: TriggerOverrides
  readonly isEnabled: boolean
  /** Why it was disabled or enabled last; null where nothing was said. */
  readonly note: string | null
  /** Polls that failed or timed out since the last that did not, or since it was enabled. */
  readonly failuresInRow: number
  readonly lastPollAt: number | null
  /** Since when no process that serves declares it any more; null while one does, and as long as nobody knows. */
  readonly undeclaredAt: number | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** A firing that was not dropped. */
export interface FiringRow {
  readonly id: string
  readonly triggerId: string
  /** `fire_no_context`, or the first 16 digits of the fired context's fingerprint. */
  readonly contextHash: string
  /** Null until linked, or when the workflow could not be started. */
  readonly executionId: string | null
  readonly startedAt: number
  /** Null while active; set when the run ends, whatever its status. */
  readonly completedAt: number | null
  readonly createdAt: number
}

/**
 * `limited`: it fired while as many of its executions were active as its policy allows, and nothing was started.
 */
export type TickOutcome = 'skipped' | 'fired' | 'duplicate' | 'limited' | 'failed' | 'timedOut'

/** A tick's record. Consecutive skips with the same reason are one row with a count. */
export interface TickRow {
  readonly id: string
  readonly trigger: string
  readonly outcome: TickOutcome
  readonly firstAt: number
  readonly lastAt: number
  readonly count: number
  /** From when it was due to when it was asked; of a row with a count the longest. Null: it was not due, or an earlier version made it. */
  readonly latenessMs: number | null
  /** From when it was asked to its answer, what it waited for its interpreter included; of a row with a count the longest. Null as `latenessMs`. */
  readonly durationMs: number | null
  /** Why it skipped, as its poll says, or why it started nothing; null where nothing is said. */
  readonly reason: string | null
  readonly errorType: string | null
  readonly errorMessage: string | null
  /** Its firing; of a duplicate the one that was active. */
  readonly firingId: string | null
  /** The execution of that firing: what was started, or what a duplicate duplicates. */
  readonly executionId: string | null
  /** Something of what it printed and logged is kept. */
  readonly hasLog: boolean
}

/** A cron schedule's row. */
export interface CronRow {
  readonly id: string
  readonly workflow: string
  readonly expression: string
  readonly timezone: string
  /** As it counts: what was set by hand, else what the code declares. */
  readonly catchup: Catchup
  readonly isEnabled: boolean
  readonly nextRunAt: number | null
  readonly lastRunAt: number | null
  /** Time of the schedule that fired last; `lastRunAt` is when an engine did that, by its own clock. */
  readonly lastScheduledAt: number | null
  readonly createdAt: number
  readonly updatedAt: number
  /** Set for a schedule that `@trigger(cron=…)` declared: one per trigger name and database. */
  readonly triggerName: string | null
  /** Of a cron trigger: since when no process that serves declares it any more; null while one does. */
  readonly undeclaredAt: number | null
  /** Set for `register_workflow_instance`: unique with the workflow. */
  readonly instanceName: string | null
  /** Parameters of an instance, merged into each run's context. */
  readonly paramsText: string | null
}

/** One firing of a cron schedule. */
export interface CronFiringRow {
  readonly id: string
  readonly scheduleId: string
  /** The instant that was due. */
  readonly scheduledAt: number
  readonly claimedAt: number
  readonly executionId: string | null
  /** Times that recovery started it again. */
  readonly recoveryAttempts: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** A runner that is open on the database. */
export interface InstanceRow {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly openedAt: number
  readonly heartbeatAt: number
  readonly isAlive: boolean
  /** Triggers that it polls. */
  readonly triggers: number
  /** Executions that it runs. */
  readonly executions: number
}

export interface CronStats {
  readonly total: number
  /** Firings with a run. */
  readonly successful: number
  /** Firings without a run that are older than ten minutes. */
  readonly lost: number
}

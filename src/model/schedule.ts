/** Rows about triggers, cron schedules and instances, as the store returns them. Instants are epoch milliseconds. */

/** A poll trigger's row: one per name and database, kept across restarts and new versions of the code. */
export interface TriggerRow {
  readonly id: string
  readonly name: string
  readonly workflow: string
  readonly pollIntervalMs: number
  readonly allowConcurrent: boolean
  readonly isEnabled: boolean
  readonly lastPollAt: number | null
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

export type TickOutcome = 'skipped' | 'fired' | 'duplicate' | 'failed' | 'timedOut'

/** A tick's record. Consecutive skips are one row with a count. */
export interface TickRow {
  readonly id: string
  readonly trigger: string
  readonly outcome: TickOutcome
  readonly firstAt: number
  readonly lastAt: number
  readonly count: number
  readonly errorType: string | null
  readonly errorMessage: string | null
  readonly firingId: string | null
}

/** A cron schedule's row. */
export interface CronRow {
  readonly id: string
  readonly workflow: string
  readonly expression: string
  readonly timezone: string
  readonly isEnabled: boolean
  readonly nextRunAt: number | null
  readonly lastRunAt: number | null
  readonly createdAt: number
  readonly updatedAt: number
  /** Set for a schedule that `@trigger(cron=…)` declared: one per trigger name and database. */
  readonly triggerName: string | null
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

/** Values of the store's methods about cron schedules and their firings. */

import type { Catchup } from '../../model/policy.ts'
import type { NewExecution } from '../store-ports.ts'

export interface NewCronSchedule {
  readonly id: string
  readonly workflow: string
  readonly expression: string
  readonly timezone: string
  readonly catchup: Catchup
  readonly nextRunAt: number
  readonly triggerName: string | null
  readonly instanceName: string | null
  readonly paramsText: string | null
  readonly at: number
}

export type NewTriggerCron = Omit<NewCronSchedule, 'nextRunAt'> & {
  readonly triggerName: string
  /** Null if its expression or zone is wrong. */
  readonly nextRunAt: number | null
}

export interface CronMove {
  readonly scheduleId: string
  /** The `nextRunAt` that the caller saw. */
  readonly seenRunAt: number
  readonly nextRunAt: number | null
}

export interface CronClaim {
  readonly scheduleId: string
  /** The `nextRunAt` that the claimer saw. */
  readonly dueAt: number
  readonly nextRunAt: number | null
  readonly firingId: string
  readonly at: number
  /** The run to start, or null when it cannot be started now. */
  readonly execution: NewExecution | null
}

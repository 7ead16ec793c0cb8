/** The part of the store's port about cron schedules and their firings. The interface `Store` extends it; see `ports.ts`. */

import type { NewAction } from '../../model/action.ts'
import type { Catchup } from '../../model/policy.ts'
import type { CronFiringRow, CronRow, CronStats } from '../../model/schedule.ts'
import type { NewExecution, Page, PageAfter } from '../store-ports.ts'

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

export interface CronStore {
  /** Rejects with `DUPLICATE_INSTANCE` when the workflow has an instance of that name. */
  createCron(schedule: NewCronSchedule): Promise<void>
  /** The schedules of cron triggers, in one step: created, or refreshed where the code changed. One per trigger name. In their order. */
  saveTriggerCrons(schedules: readonly NewTriggerCron[]): Promise<readonly CronRow[]>
  /** Newest first. */
  listCrons(page: Page & { readonly enabledOnly: boolean }): Promise<readonly CronRow[]>
  getCron(id: string): Promise<CronRow | null>
  /**
   * Schedules whose cron trigger, instance or id has this name; without any, schedules whose id begins with it.
   * Newest first, at most `limit`; [] for the empty text.
   */
  findCrons(name: string, limit: number): Promise<readonly CronRow[]>
  /** The schedules of these cron triggers, in no order; names without a schedule are left out. */
  triggerCrons(triggerNames: readonly string[]): Promise<readonly CronRow[]>
  /** False when there is no such schedule. */
  updateCron(
    id: string,
    change: { readonly expression: string; readonly timezone: string; readonly nextRunAt: number },
    at: number,
  ): Promise<boolean>
  /** What counts for a cron trigger in place of what the code declares; null resets it. False when there is no such trigger. */
  overrideTriggerCron(triggerName: string, catchup: Catchup | null, at: number, action?: NewAction): Promise<boolean>
  /** Gives schedules other next instants. Leaves alone those whose `nextRunAt` is not as it was seen. */
  rescheduleCrons(moves: readonly CronMove[], at: number): Promise<void>
  setCronEnabled(id: string, isEnabled: boolean, at: number): Promise<boolean>
  deleteCron(id: string): Promise<boolean>
  /** Every enabled schedule, soonest first. */
  enabledCrons(): Promise<readonly CronRow[]>
  /**
   * Fires one due instant: firing row, execution and the schedule's next and last instants in one step. False, and
   * nothing stored, when the row's `nextRunAt` is no longer `dueAt`, or it is disabled or gone.
   */
  claimCron(claim: CronClaim): Promise<boolean>
  /** Newest first. */
  listCronFirings(scheduleId: string, page: PageAfter): Promise<readonly CronFiringRow[]>
  /** Firings without a run, claimed in [notBeforeAt, olderThanAt], with fewer than `maxAttempts` recoveries, oldest first. */
  lostCronFirings(query: {
    readonly notBeforeAt: number
    readonly olderThanAt: number
    readonly maxAttempts: number
  }): Promise<readonly CronFiringRow[]>
  /** Starts the run of a lost firing and counts the recovery. False when it got a run meanwhile. `execution` null only counts. */
  recoverCronFiring(firingId: string, execution: NewExecution | null, at: number): Promise<boolean>
  cronStats(sinceAt: number, at: number): Promise<CronStats>
}

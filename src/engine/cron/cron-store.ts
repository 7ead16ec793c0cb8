/** The part of the store for cron schedules and their firings, with the values of its methods. See `store.ts`. */

import type { NewAction } from '../../model/action.ts'
import type { Catchup } from '../../model/policy.ts'
import type { CronFiringRow, CronRow, CronStats } from '../../model/schedule-rows.ts'
import type { Tags } from '../../model/workflow.ts'
import type { IncidentReport } from '../incidents/incident-report.ts'
import type { LimitedStart, NewExecution } from '../starts/new-executions.ts'
import type { Page, PageAfter } from '../store-ports.ts'

/** Cron expression and name of an IANA zone. */
export interface CronTiming {
  readonly expression: string
  readonly timezone: string
}

interface CronFilter {
  readonly enabledOnly: boolean
  readonly triggersOnly?: boolean
  /** Excludes cron triggers whose expression or zone is wrong. */
  readonly scheduledOnly?: boolean
  /** Only schedules that are not declared or have no next run. */
  readonly troubledOnly?: boolean
  /** Excludes undeclared cron triggers whose name a polled trigger has taken over. */
  readonly withoutReplaced?: boolean
}

export interface NewCronSchedule extends CronTiming {
  readonly id: string
  readonly workflow: string
  readonly catchup: Catchup
  readonly nextRunAt: number
  readonly triggerName: string | null
  readonly instanceName: string | null
  readonly paramsText: string | null
  readonly expectFireMs: number | null
  readonly tags: Tags | null
  readonly priority: number | null
  readonly at: number
}

export type NewTriggerCron = Omit<NewCronSchedule, 'nextRunAt'> & {
  readonly triggerName: string
  /** Null if its expression or zone is wrong. */
  readonly nextRunAt: number | null
}

export interface CronMove {
  readonly scheduleId: string
  readonly seenRunAt: number
  readonly nextRunAt: number | null
}

/** Firing that a user requested, which is due at its own time. */
export interface CronRun {
  readonly scheduleId: string
  readonly firingId: string
  readonly at: number
  readonly execution: NewExecution
  readonly action: NewAction
}

export interface CronClaim {
  readonly scheduleId: string
  readonly dueAt: number
  readonly nextRunAt: number | null
  /** Becomes the next time instead if the due time has a firing already: the times after it have none yet. */
  readonly followingRunAt: number | null
  readonly firingId: string
  readonly at: number
  /** Run to start, or null if it cannot be started now. */
  readonly execution: NewExecution | null
  /** Incident `trigger-late` of a late firing. A firing without it ends this incident. */
  readonly late?: IncidentReport
}

/**
 * Result of the step that fires a schedule. `limited`: the firing is stored without an execution, because the limit of
 * the workflow refused it, and is not recovered. `lost`: see the methods.
 */
export type CronStart = 'claimed' | 'limited' | 'lost'

/** Methods that change a schedule return false if it does not exist. */
export interface CronStore {
  /** Rejects with `DUPLICATE_INSTANCE` if the workflow has an instance with this name. */
  createCron(schedule: NewCronSchedule, action?: NewAction): Promise<void>
  /** Creates schedules of cron triggers, or refreshes those whose code has changed. Returns them in the given order. */
  saveTriggerCrons(schedules: readonly NewTriggerCron[]): Promise<readonly CronRow[]>
  /** Newest first. */
  listCrons(page: Page & CronFilter): Promise<readonly CronRow[]>
  getCron(id: string): Promise<CronRow | null>
  /**
   * Returns schedules whose cron trigger, instance or id has this name or, if there are none, whose id begins with it.
   * Newest first; none for the empty text.
   */
  findCrons(name: string, limit: number): Promise<readonly CronRow[]>
  /** Returns the schedules of these cron triggers, in any order. Omits those that do not exist. */
  triggerCrons(triggerNames: readonly string[]): Promise<readonly CronRow[]>
  updateCron(
    id: string,
    change: CronTiming & { readonly nextRunAt: number },
    at: number,
    action?: NewAction,
  ): Promise<boolean>
  /** Overrides the value in the code; null resets it. */
  overrideTriggerCron(triggerName: string, catchup: Catchup | null, at: number, action?: NewAction): Promise<boolean>
  /**
   * Sets the next times of schedules, except of those whose `nextRunAt` has changed since it was read. Lowers
   * `updatedAt` to `at`, but does not raise it, because nobody has changed the schedule. From an earlier time on, the
   * times of the schedule can be fired again.
   */
  rescheduleCrons(moves: readonly CronMove[], at: number): Promise<void>
  setCronEnabled(id: string, isEnabled: boolean, at: number, action?: NewAction): Promise<boolean>
  /** Also cancels the backfills of the schedule. */
  deleteCron(id: string, at: number, action?: NewAction): Promise<boolean>
  /** Returns all enabled schedules, the soonest first. */
  enabledCrons(): Promise<readonly CronRow[]>
  /**
   * Stores the firing of a due time, its execution, and the next and last times of the schedule. Returns `lost`, and
   * stores nothing, if `nextRunAt` is not `dueAt` any more, or if the schedule is disabled or does not exist. If the
   * time was fired by a backfill, it only moves on to the next time, and returns `lost`.
   */
  claimCron(claim: CronClaim): Promise<CronStart>
  /**
   * Stores a firing that a user requested, with its execution and the action. The times of the schedule stay as they
   * are. Stores nothing if the schedule does not exist, or if the limit of the workflow refuses the execution.
   */
  runCron(run: CronRun): Promise<'started' | 'unknown' | LimitedStart>
  /** Newest first. */
  listCronFirings(scheduleId: string, page: PageAfter): Promise<readonly CronFiringRow[]>
  /** Returns firings without an execution in [notBeforeAt, olderThanAt], recovered less than `maxAttempts` times. */
  lostCronFirings(query: {
    readonly notBeforeAt: number
    readonly olderThanAt: number
    readonly maxAttempts: number
  }): Promise<readonly CronFiringRow[]>
  /** Counts a recovery of a lost firing, and starts its execution if given. Returns `lost` if it has an execution. */
  recoverCronFiring(firingId: string, execution: NewExecution | null, at: number): Promise<CronStart>
  cronStats(sinceAt: number, at: number): Promise<CronStats>
}

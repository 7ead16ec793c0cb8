/**
 * The methods of a store about cron schedules, the same for every database: which need each step has. The store that extends it brings the
 * steps themselves, and how one is added; each runs in its transaction.
 */

import type {
  CronClaim,
  CronMove,
  NewCronSchedule,
  NewExecution,
  NewTriggerCron,
  Page,
  PageAfter,
  Store,
} from '../engine/ports.ts'
import { StoreError } from '../errors.ts'
import type { NewAction } from '../model/action.ts'
import type { Catchup } from '../model/policy.ts'
import type { CronFiringRow, CronRow, CronStats } from '../model/schedule.ts'
import type { StepNeed, StepResult } from './steps.ts'

/** The bodies of the steps: see the methods of the port that are named like them. */
export interface CronSteps<Session> {
  insertCron(session: Session, schedule: NewCronSchedule): StepResult<boolean>
  saveTriggerCrons(session: Session, schedules: readonly NewTriggerCron[]): StepResult<readonly CronRow[]>
  listCrons(session: Session, page: Page & { readonly enabledOnly: boolean }): StepResult<readonly CronRow[]>
  getCron(session: Session, id: string): StepResult<CronRow | null>
  findCrons(session: Session, name: string, limit: number): StepResult<readonly CronRow[]>
  triggerCrons(session: Session, triggerNames: readonly string[]): StepResult<readonly CronRow[]>
  updateCron(session: Session, id: string, change: CronChange, at: number): StepResult<boolean>
  overrideTriggerCron(session: Session, trigger: string, catchup: Catchup | null, at: number): StepResult<boolean>
  rescheduleCrons(session: Session, moves: readonly CronMove[], at: number): StepResult<void>
  setCronEnabled(session: Session, id: string, isEnabled: boolean, at: number): StepResult<boolean>
  deleteCron(session: Session, id: string): StepResult<boolean>
  enabledCrons(session: Session): StepResult<readonly CronRow[]>
  claimCron(session: Session, claim: CronClaim): StepResult<boolean>
  listCronFirings(session: Session, scheduleId: string, page: PageAfter): StepResult<readonly CronFiringRow[]>
  lostCronFirings(session: Session, query: LostQuery): StepResult<readonly CronFiringRow[]>
  recoverCronFiring(session: Session, firingId: string, execution: NewExecution | null, at: number): StepResult<boolean>
  cronStats(session: Session, sinceAt: number, at: number): StepResult<CronStats>
}

type CronChange = Parameters<Store['updateCron']>[1]
type LostQuery = Parameters<Store['lostCronFirings']>[0]

export abstract class StoreCrons<Session> {
  /** Part of a step: records an action as done when it was, and returns that. */
  protected abstract readonly recordedIf: (
    isDone: StepResult<boolean>,
    session: Session,
    action: NewAction | undefined,
  ) => StepResult<boolean>
  protected abstract readonly crons: CronSteps<Session>
  protected abstract step<Result>(need: StepNeed, run: (session: Session) => StepResult<Result>): Promise<Result>

  async createCron(schedule: NewCronSchedule): Promise<void> {
    if (await this.step('accept', (session) => this.crons.insertCron(session, schedule))) return
    const { workflow, instanceName } = schedule
    const message = `Workflow "${workflow}" already has an instance named "${instanceName}". Choose another name.`
    throw new StoreError('DUPLICATE_INSTANCE', message, { workflow })
  }

  saveTriggerCrons(schedules: readonly NewTriggerCron[]): Promise<readonly CronRow[]> {
    return this.step('write', (session) => this.crons.saveTriggerCrons(session, schedules))
  }

  listCrons(page: Page & { readonly enabledOnly: boolean }): Promise<readonly CronRow[]> {
    return this.step('read', (session) => this.crons.listCrons(session, page))
  }

  getCron(id: string): Promise<CronRow | null> {
    return this.step('read', (session) => this.crons.getCron(session, id))
  }

  findCrons(name: string, limit: number): Promise<readonly CronRow[]> {
    return this.step('read', (session) => this.crons.findCrons(session, name, limit))
  }

  triggerCrons(triggerNames: readonly string[]): Promise<readonly CronRow[]> {
    return this.step('read', (session) => this.crons.triggerCrons(session, triggerNames))
  }

  updateCron(
    id: string,
    change: { readonly expression: string; readonly timezone: string; readonly nextRunAt: number },
    at: number,
  ): Promise<boolean> {
    return this.step('accept', (session) => this.crons.updateCron(session, id, change, at))
  }

  overrideTriggerCron(triggerName: string, catchup: Catchup | null, at: number, action?: NewAction): Promise<boolean> {
    return this.step('accept', (session) =>
      this.recordedIf(this.crons.overrideTriggerCron(session, triggerName, catchup, at), session, action),
    )
  }

  rescheduleCrons(moves: readonly CronMove[], at: number): Promise<void> {
    return this.step('write', (session) => this.crons.rescheduleCrons(session, moves, at))
  }

  setCronEnabled(id: string, isEnabled: boolean, at: number): Promise<boolean> {
    return this.step('accept', (session) => this.crons.setCronEnabled(session, id, isEnabled, at))
  }

  deleteCron(id: string): Promise<boolean> {
    return this.step('accept', (session) => this.crons.deleteCron(session, id))
  }

  enabledCrons(): Promise<readonly CronRow[]> {
    return this.step('read', (session) => this.crons.enabledCrons(session))
  }

  claimCron(claim: CronClaim): Promise<boolean> {
    return this.step('accept', (session) => this.crons.claimCron(session, claim))
  }

  listCronFirings(scheduleId: string, page: PageAfter): Promise<readonly CronFiringRow[]> {
    return this.step('read', (session) => this.crons.listCronFirings(session, scheduleId, page))
  }

  lostCronFirings(query: {
    readonly notBeforeAt: number
    readonly olderThanAt: number
    readonly maxAttempts: number
  }): Promise<readonly CronFiringRow[]> {
    return this.step('read', (session) => this.crons.lostCronFirings(session, query))
  }

  recoverCronFiring(firingId: string, execution: NewExecution | null, at: number): Promise<boolean> {
    return this.step('accept', (session) => this.crons.recoverCronFiring(session, firingId, execution, at))
  }

  cronStats(sinceAt: number, at: number): Promise<CronStats> {
    return this.step('read', (session) => this.crons.cronStats(session, sinceAt, at))
  }
}

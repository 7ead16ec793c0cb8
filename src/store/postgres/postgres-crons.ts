/** The methods of the store about cron schedules: `PostgresStore` has the others. */

import type {
  CronClaim,
  CronMove,
  NewCronSchedule,
  NewExecution,
  NewTriggerCron,
  Page,
  PageAfter,
} from '../../engine/ports.ts'
import { StoreError } from '../../errors.ts'
import type { Catchup } from '../../model/policy.ts'
import type { CronFiringRow, CronRow, CronStats } from '../../model/schedule.ts'
import type { StepNeed, StepResult } from '../steps.ts'
import * as crons from './cron-steps.ts'
import type { Session } from './session/session.ts'

export abstract class PostgresCrons {
  protected abstract step<Result>(need: StepNeed, run: (session: Session) => StepResult<Result>): Promise<Result>

  async createCron(schedule: NewCronSchedule): Promise<void> {
    if (await this.step('accept', (session) => crons.insertCron(session, schedule))) return
    const { workflow, instanceName } = schedule
    const message = `The workflow "${workflow}" has an instance named "${instanceName}" already. Choose another name.`
    throw new StoreError('DUPLICATE_INSTANCE', message, { workflow })
  }

  saveTriggerCrons(schedules: readonly NewTriggerCron[]): Promise<readonly CronRow[]> {
    return this.step('write', (session) => crons.saveTriggerCrons(session, schedules))
  }

  listCrons(page: Page & { readonly enabledOnly: boolean }): Promise<readonly CronRow[]> {
    return this.step('read', (session) => crons.listCrons(session, page))
  }

  getCron(id: string): Promise<CronRow | null> {
    return this.step('read', (session) => crons.getCron(session, id))
  }

  updateCron(
    id: string,
    change: { readonly expression: string; readonly timezone: string; readonly nextRunAt: number },
    at: number,
  ): Promise<boolean> {
    return this.step('accept', (session) => crons.updateCron(session, id, change, at))
  }

  overrideTriggerCron(triggerName: string, catchup: Catchup | null, at: number): Promise<boolean> {
    return this.step('accept', (session) => crons.overrideTriggerCron(session, triggerName, catchup, at))
  }

  rescheduleCrons(moves: readonly CronMove[], at: number): Promise<void> {
    return this.step('write', (session) => crons.rescheduleCrons(session, moves, at))
  }

  setCronEnabled(id: string, isEnabled: boolean, at: number): Promise<boolean> {
    return this.step('accept', (session) => crons.setCronEnabled(session, id, isEnabled, at))
  }

  deleteCron(id: string): Promise<boolean> {
    return this.step('accept', (session) => crons.deleteCron(session, id))
  }

  enabledCrons(): Promise<readonly CronRow[]> {
    return this.step('read', crons.enabledCrons)
  }

  claimCron(claim: CronClaim): Promise<boolean> {
    return this.step('accept', (session) => crons.claimCron(session, claim))
  }

  listCronFirings(scheduleId: string, page: PageAfter): Promise<readonly CronFiringRow[]> {
    return this.step('read', (session) => crons.listCronFirings(session, scheduleId, page))
  }

  lostCronFirings(query: {
    readonly notBeforeAt: number
    readonly olderThanAt: number
    readonly maxAttempts: number
  }): Promise<readonly CronFiringRow[]> {
    return this.step('read', (session) => crons.lostCronFirings(session, query))
  }

  recoverCronFiring(firingId: string, execution: NewExecution | null, at: number): Promise<boolean> {
    return this.step('accept', (session) => crons.recoverCronFiring(session, firingId, execution, at))
  }

  cronStats(sinceAt: number, at: number): Promise<CronStats> {
    return this.step('read', (session) => crons.cronStats(session, sinceAt, at))
  }
}

/** The methods of the store about cron schedules: `SqliteStore` has the others. */

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
import type { Connection } from './file/connection.ts'

export abstract class SqliteCrons {
  protected abstract step<Result>(need: StepNeed, run: (connection: Connection) => StepResult<Result>): Promise<Result>

  async createCron(schedule: NewCronSchedule): Promise<void> {
    if (await this.step('accept', (connection) => crons.insertCron(connection, schedule))) return
    const { workflow, instanceName } = schedule
    const message = `The workflow "${workflow}" has an instance named "${instanceName}" already. Choose another name.`
    throw new StoreError('DUPLICATE_INSTANCE', message, { workflow })
  }

  saveTriggerCrons(schedules: readonly NewTriggerCron[]): Promise<readonly CronRow[]> {
    return this.step('write', (connection) => schedules.map((schedule) => crons.saveTriggerCron(connection, schedule)))
  }

  listCrons(page: Page & { readonly enabledOnly: boolean }): Promise<readonly CronRow[]> {
    return this.step('read', (connection) => crons.listCrons(connection, page))
  }

  getCron(id: string): Promise<CronRow | null> {
    return this.step('read', (connection) => crons.getCron(connection, id))
  }

  updateCron(
    id: string,
    change: { readonly expression: string; readonly timezone: string; readonly nextRunAt: number },
    at: number,
  ): Promise<boolean> {
    return this.step('accept', (connection) => crons.updateCron(connection, id, change, at))
  }

  overrideTriggerCron(triggerName: string, catchup: Catchup | null, at: number): Promise<boolean> {
    return this.step('accept', (connection) => crons.overrideTriggerCron(connection, triggerName, catchup, at))
  }

  rescheduleCrons(moves: readonly CronMove[], at: number): Promise<void> {
    return this.step('write', (connection) => crons.rescheduleCrons(connection, moves, at))
  }

  setCronEnabled(id: string, isEnabled: boolean, at: number): Promise<boolean> {
    return this.step('accept', (connection) => crons.setCronEnabled(connection, id, isEnabled, at))
  }

  deleteCron(id: string): Promise<boolean> {
    return this.step('accept', (connection) => crons.deleteCron(connection, id))
  }

  enabledCrons(): Promise<readonly CronRow[]> {
    return this.step('read', crons.enabledCrons)
  }

  claimCron(claim: CronClaim): Promise<boolean> {
    return this.step('accept', (connection) => crons.claimCron(connection, claim))
  }

  listCronFirings(scheduleId: string, page: PageAfter): Promise<readonly CronFiringRow[]> {
    return this.step('read', (connection) => crons.listCronFirings(connection, scheduleId, page))
  }

  lostCronFirings(query: {
    readonly notBeforeAt: number
    readonly olderThanAt: number
    readonly maxAttempts: number
  }): Promise<readonly CronFiringRow[]> {
    return this.step('read', (connection) => crons.lostCronFirings(connection, query))
  }

  recoverCronFiring(firingId: string, execution: NewExecution | null, at: number): Promise<boolean> {
    return this.step('accept', (connection) => crons.recoverCronFiring(connection, firingId, execution, at))
  }

  cronStats(sinceAt: number, at: number): Promise<CronStats> {
    return this.step('read', (connection) => crons.cronStats(connection, sinceAt, at))
  }
}

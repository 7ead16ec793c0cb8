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
} from '../engine/ports.ts'
import { StoreError } from '../errors.ts'
import type { NewAction } from '../model/action.ts'
import type { Catchup } from '../model/policy.ts'
import type { CronFiringRow, CronRow, CronStats } from '../model/schedule.ts'
import type { RunStep } from './session.ts'
import { recordedIf } from './steps/actions.ts'
import * as crons from './steps/crons.ts'

export abstract class StoreCrons {
  protected abstract readonly run: RunStep

  async createCron(schedule: NewCronSchedule): Promise<void> {
    if (await this.run('accept', (session) => crons.insertCron(session, schedule))) return
    const { workflow, instanceName } = schedule
    const message = `Workflow "${workflow}" already has an instance named "${instanceName}". Choose another name.`
    throw new StoreError('DUPLICATE_INSTANCE', message, { workflow })
  }

  saveTriggerCrons(schedules: readonly NewTriggerCron[]): Promise<readonly CronRow[]> {
    return this.run('write', (session) => crons.saveTriggerCrons(session, schedules))
  }

  listCrons(page: Page & { readonly enabledOnly: boolean }): Promise<readonly CronRow[]> {
    return this.run('read', (session) => crons.listCrons(session, page))
  }

  getCron(id: string): Promise<CronRow | null> {
    return this.run('read', (session) => crons.getCron(session, id))
  }

  findCrons(name: string, limit: number): Promise<readonly CronRow[]> {
    return this.run('read', (session) => crons.findCrons(session, name, limit))
  }

  triggerCrons(triggerNames: readonly string[]): Promise<readonly CronRow[]> {
    return this.run('read', (session) => crons.triggerCrons(session, triggerNames))
  }

  updateCron(
    id: string,
    change: { readonly expression: string; readonly timezone: string; readonly nextRunAt: number },
    at: number,
  ): Promise<boolean> {
    return this.run('accept', (session) => crons.updateCron(session, id, change, at))
  }

  overrideTriggerCron(triggerName: string, catchup: Catchup | null, at: number, action?: NewAction): Promise<boolean> {
    return this.run('accept', (session) =>
      recordedIf(crons.overrideTriggerCron(session, triggerName, catchup, at), session, action),
    )
  }

  rescheduleCrons(moves: readonly CronMove[], at: number): Promise<void> {
    return this.run('write', (session) => crons.rescheduleCrons(session, moves, at))
  }

  setCronEnabled(id: string, isEnabled: boolean, at: number): Promise<boolean> {
    return this.run('accept', (session) => crons.setCronEnabled(session, id, isEnabled, at))
  }

  deleteCron(id: string): Promise<boolean> {
    return this.run('accept', (session) => crons.deleteCron(session, id))
  }

  enabledCrons(): Promise<readonly CronRow[]> {
    return this.run('read', (session) => crons.enabledCrons(session))
  }

  claimCron(claim: CronClaim): Promise<boolean> {
    return this.run('accept', (session) => crons.claimCron(session, claim))
  }

  listCronFirings(scheduleId: string, page: PageAfter): Promise<readonly CronFiringRow[]> {
    return this.run('read', (session) => crons.listCronFirings(session, scheduleId, page))
  }

  lostCronFirings(query: {
    readonly notBeforeAt: number
    readonly olderThanAt: number
    readonly maxAttempts: number
  }): Promise<readonly CronFiringRow[]> {
    return this.run('read', (session) => crons.lostCronFirings(session, query))
  }

  recoverCronFiring(firingId: string, execution: NewExecution | null, at: number): Promise<boolean> {
    return this.run('accept', (session) => crons.recoverCronFiring(session, firingId, execution, at))
  }

  cronStats(sinceAt: number, at: number): Promise<CronStats> {
    return this.run('read', (session) => crons.cronStats(session, sinceAt, at))
  }
}

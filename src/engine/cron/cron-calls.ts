/** What callers may ask about cron schedules, and change. Part of the engine's API. */

import { UsageError } from '../../errors.ts'
import type { NewAction } from '../../model/action.ts'
import type { ContextText } from '../../model/context.ts'
import type { Catchup } from '../../model/policy.ts'
import type { CronFiringRow, CronRow, CronStats } from '../../model/schedule.ts'
import { didYouMean, MAX_COMPARED_NAMES } from '../../registry/nearest.ts'
import type { EngineConfig } from '../config.ts'
import type { Clock, ContextCodec, Page, PageAfter, Store } from '../ports.ts'
import type { CronScheduler } from './cron-scheduler.ts'
import { nextRunAt } from './expressions.ts'
import { instanceParams } from './instance-params.ts'

const MAX_IDS_IN_MESSAGE = 10

export interface CronCallsPorts {
  readonly store: Store
  readonly clock: Clock
  readonly codec: ContextCodec
  readonly config: EngineConfig
  readonly newId: () => string
}

/** When a schedule fires: a cron expression and the name of an IANA zone. */
export interface CronTiming {
  readonly expression: string
  readonly timezone: string
}

type CronPage = Page & { readonly enabledOnly: boolean }

export type CronTriggerRow = CronRow & { readonly triggerName: string }

const ALL = { limit: Number.MAX_SAFE_INTEGER, offset: 0 }

export class CronCalls {
  readonly #ports: CronCallsPorts
  readonly #scheduler: CronScheduler
  readonly #assertOpen: () => void

  constructor(ports: CronCallsPorts, scheduler: CronScheduler, assertOpen: () => void) {
    this.#ports = ports
    this.#scheduler = scheduler
    this.#assertOpen = assertOpen
  }

  /** A new schedule, also for equal arguments; its id. The workflow need not be known yet. Throws `INVALID_CRON` or `INVALID_TIMEZONE`. */
  async register(workflow: string, timing: CronTiming): Promise<string> {
    return this.#create(workflow, timing, null, null)
  }

  /** A schedule with parameters for each run. Throws also `DUPLICATE_INSTANCE`: the name is unique in the workflow. */
  async registerInstance(
    workflow: string,
    instanceName: string,
    timing: CronTiming,
    paramsText: ContextText,
  ): Promise<string> {
    return this.#create(workflow, timing, instanceName, instanceParams(paramsText, this.#ports.codec))
  }

  /** Newest first. */
  async list(page: CronPage): Promise<readonly CronRow[]> {
    this.#assertUsable()
    await this.#scheduler.settled()
    return this.#ports.store.listCrons(page)
  }

  /** Returns the schedules of all cron triggers, newest first, also where this process does not fire them. */
  async listTriggers(): Promise<readonly CronTriggerRow[]> {
    this.#assertOpen()
    await this.#scheduler.settled()
    const rows = await this.#ports.store.listCrons({ ...ALL, enabledOnly: false })
    return rows.filter(isCronTrigger)
  }

  /** Returns schedules as `list` does, without those of cron triggers whose expression or zone is wrong. */
  async listScheduled({ enabledOnly, limit, offset }: CronPage): Promise<readonly CronRow[]> {
    const rows = await this.list({ ...ALL, enabledOnly })
    const scheduled = rows.filter((row) => !isCronTrigger(row) || row.nextRunAt !== null)
    return scheduled.slice(offset, offset + limit)
  }

  /** Throws `SCHEDULE_NOT_FOUND`. */
  async get(id: string): Promise<CronRow> {
    this.#assertUsable()
    assertScheduleId(id)
    const row = await this.#ports.store.getCron(id)
    if (row === null) throw unknownSchedule(id)
    return row
  }

  /** The schedule of a cron trigger; null where there is none. */
  async ofTrigger(triggerName: string): Promise<CronRow | null> {
    this.#assertUsable()
    await this.#scheduler.settled()
    const [row] = await this.#ports.store.triggerCrons([triggerName])
    return row ?? null
  }

  /** See `RunnerSchedules.find`. */
  async find(name: string): Promise<CronRow> {
    this.#assertUsable()
    await this.#scheduler.settled()
    const [row, ...others] = await this.#ports.store.findCrons(name, MAX_IDS_IN_MESSAGE)
    if (row === undefined) throw await this.#unknownName(name)
    if (others.length === 0) return row
    const ids = [row, ...others].map(({ id }) => id).join(', ')
    const message = `"${name}" matches several schedules: ${ids}. Use one of these ids.`
    throw new UsageError('SCHEDULE_NOT_FOUND', message, { scheduleId: name })
  }

  /** The next instant is computed anew, from now. Throws `SCHEDULE_NOT_FOUND`, `INVALID_CRON` or `INVALID_TIMEZONE`. */
  async update(id: string, timing: CronTiming): Promise<void> {
    this.#assertUsable()
    assertScheduleId(id)
    const { store, clock } = this.#ports
    const row = await store.getCron(id)
    const after = this.#scheduler.time.countsFrom(row)
    const change = { ...timing, nextRunAt: nextRunAt(timing.expression, timing.timezone, after) }
    if (!(await store.updateCron(id, change, clock.now()))) throw unknownSchedule(id)
    this.#changed()
  }

  /** Nothing happens for an unknown id. Enabling leaves the next instant as it was: an overdue schedule fires at once. */
  async setEnabled(id: string, isEnabled: boolean): Promise<void> {
    this.#assertUsable()
    assertScheduleId(id)
    const { store, clock } = this.#ports
    if (isEnabled) await this.#scheduler.reckon(id)
    await store.setCronEnabled(id, isEnabled, clock.now())
    this.#changed()
  }

  /** How a cron trigger catches up, in place of what the code declares; null resets it. False when there is no such trigger. */
  async overrideTrigger(triggerName: string, catchup: Catchup | null, action?: NewAction): Promise<boolean> {
    this.#assertUsable()
    const { store, clock } = this.#ports
    await this.#scheduler.settled()
    const isKnown = await store.overrideTriggerCron(triggerName, catchup, clock.now(), action)
    this.#changed()
    return isKnown
  }

  /** Nothing happens for an unknown id. */
  async delete(id: string): Promise<void> {
    this.#assertUsable()
    assertScheduleId(id)
    await this.#ports.store.deleteCron(id)
    this.#changed()
  }

  /** The next instants at which a schedule fires, at most `count`: fewer when it is disabled or not declared, or never fires again. */
  nextInstants(row: CronRow, count: number): readonly number[] {
    const instants: number[] = []
    let next = row.isEnabled && row.undeclaredAt === null ? row.nextRunAt : null
    while (next !== null && instants.length < count) {
      instants.push(next)
      next = nextAfter(row, next)
    }
    return instants
  }

  /** Firings, newest first; [] for an unknown id. */
  async history(id: string, page: PageAfter): Promise<readonly CronFiringRow[]> {
    this.#assertUsable()
    assertScheduleId(id)
    return this.#ports.store.listCronFirings(id, page)
  }

  /** Over firings at or after an instant. */
  async stats(sinceAt: number): Promise<CronStats> {
    this.#assertUsable()
    return this.#ports.store.cronStats(sinceAt, this.#ports.clock.now())
  }

  async #unknownName(name: string): Promise<UsageError> {
    const rows = await this.#ports.store.listCrons({ limit: MAX_COMPARED_NAMES, offset: 0, enabledOnly: false })
    const nearest = didYouMean(
      name,
      rows.flatMap(({ triggerName, instanceName }) => triggerName ?? instanceName ?? []),
    )
    const message = `Schedule "${name}" not found in this database.${nearest}`
    return new UsageError('SCHEDULE_NOT_FOUND', message, { scheduleId: name })
  }

  async #create(
    workflow: string,
    timing: CronTiming,
    instanceName: string | null,
    paramsText: ContextText | null,
  ): Promise<string> {
    this.#assertUsable()
    const { store, clock, newId } = this.#ports
    const id = newId()
    const after = this.#scheduler.time.countsFrom(null)
    await store.createCron({
      id,
      workflow,
      ...timing,
      catchup: 'skip',
      nextRunAt: nextRunAt(timing.expression, timing.timezone, after),
      triggerName: null,
      instanceName,
      paramsText,
      at: clock.now(),
    })
    this.#changed()
    return id
  }

  /** Takes effect at once. Nobody waits for the look that follows. */
  #changed(): void {
    void this.#scheduler.lookAgain()
  }

  #assertUsable(): void {
    this.#assertOpen()
    if (this.#ports.config.cronEnabled) return
    throw new UsageError(
      'CRON_DISABLED',
      'Cron scheduling not enabled. To use schedules, set cronEnabled, or in Python enable_cron_scheduling, to true.',
    )
  }
}

function isCronTrigger(row: CronRow): row is CronTriggerRow {
  return row.triggerName !== null
}

function nextAfter({ expression, timezone }: CronTiming, after: number): number | null {
  try {
    return nextRunAt(expression, timezone, after)
  } catch (thrown) {
    if (thrown instanceof UsageError) return null // of a year, say, that is over
    throw thrown
  }
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i

function assertScheduleId(id: string): void {
  if (UUID.test(id)) return
  throw new UsageError('INVALID_ARGUMENT', `Invalid schedule ID: "${id}" is not a UUID.`, { scheduleId: id })
}

function unknownSchedule(id: string): UsageError {
  return new UsageError('SCHEDULE_NOT_FOUND', `Record not found: no cron schedule has the id "${id}".`, {
    scheduleId: id,
  })
}

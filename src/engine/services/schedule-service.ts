/**
 * `runner.schedules`: cron schedules. A change is one step of the store, which also records the action. Then the
 * scheduler reads the schedules again, and the caller does not wait for that.
 */

import { UsageError } from '../../errors.ts'
import type { ActionRow, NewAction } from '../../model/action.ts'
import { flagArgument, nameArgument, numberArgument, textArgument } from '../../model/arguments.ts'
import type { ContextText } from '../../model/context.ts'
import type { Catchup } from '../../model/policy.ts'
import type { CronFiringRow, CronRow, CronStats } from '../../model/schedule-rows.ts'
import type { CronScheduler } from '../cron/cron-scheduler.ts'
import type { CronTiming } from '../cron/cron-store.ts'
import { nextRunAt } from '../cron/expressions.ts'
import { instanceParams } from '../cron/instance-params.ts'
import { scheduleNamed, storeOfCrons } from '../cron/named-schedules.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { Store } from '../store.ts'
import { ACTIONS_OF_TARGET, type ActionOptions, newAction } from './action-service.ts'
import type { Backfills } from './batches/backfill-service.ts'
import { checkedPage, checkedPageAfter, type PageAfterOptions, type PageOptions, timeArgument } from './page-options.ts'
import { knownWorkflow } from './workflow-service.ts'

const ALL = { limit: Number.MAX_SAFE_INTEGER, offset: 0 }

type CronTriggerRow = CronRow & { readonly triggerName: string }

/** `runner.schedules`: cron schedules. Calls with an id throw `SCHEDULE_NOT_FOUND` for an unknown schedule. */
export class Schedules {
  readonly #ports: EnginePorts
  readonly #scheduler: CronScheduler
  /** Backfills, which start the workflow of a schedule for past times. */
  readonly backfills: Backfills

  /** @internal */
  constructor(ports: EnginePorts, scheduler: CronScheduler, backfills: Backfills) {
    this.#ports = ports
    this.#scheduler = scheduler
    this.backfills = backfills
  }

  /**
   * Creates a schedule and returns its id. The workflow can be declared later. Throws `INVALID_CRON` or
   * `INVALID_TIMEZONE`.
   */
  async register(workflow: string, expression: string, timezone = 'UTC', options: ActionOptions = {}): Promise<string> {
    nameArgument(workflow, 'workflow')
    const timing = cronOf(expression, timezone)
    const id = this.#ports.newId()
    const action = newAction(this.#ports, 'create', id, options, { workflow, ...timing })
    return await this.#create({ id, workflow, ...timing, instanceName: null, paramsText: null }, action)
  }

  /** Creates a schedule with parameters. Throws also `DUPLICATE_INSTANCE`: a workflow has each name once. @internal */
  async registerInstance(
    workflow: string,
    instanceName: string,
    timing: CronTiming,
    paramsText: ContextText,
  ): Promise<string> {
    const params = instanceParams(paramsText, this.#ports.codec)
    return await this.#create({ id: this.#ports.newId(), workflow, ...timing, instanceName, paramsText: params })
  }

  /** Returns schedules, newest first. */
  async list(options: PageOptions & { readonly enabledOnly?: boolean } = {}): Promise<readonly CronRow[]> {
    const store = this.#store
    await this.#scheduler.settled()
    const filter = { enabledOnly: options.enabledOnly ?? false, withoutReplaced: true }
    return await store.listCrons({ ...checkedPage(options), ...filter })
  }

  /** Returns schedules like `list`, without cron triggers whose expression or zone is wrong. @internal */
  async listScheduled(options: PageOptions & { readonly enabledOnly?: boolean } = {}): Promise<readonly CronRow[]> {
    const store = this.#store
    await this.#scheduler.settled()
    const filter = { enabledOnly: options.enabledOnly ?? false, scheduledOnly: true, withoutReplaced: true }
    return await store.listCrons({ ...checkedPage(options), ...filter })
  }

  /** Returns all cron triggers, newest first. `troubledOnly`: only undeclared ones, or without a next run. @internal */
  async listTriggers(troubledOnly = false): Promise<readonly CronTriggerRow[]> {
    await this.#scheduler.settled()
    const filter = { enabledOnly: false, triggersOnly: true, troubledOnly, withoutReplaced: true }
    const rows = await this.#ports.store.listCrons({ ...ALL, ...filter })
    return rows as readonly CronTriggerRow[]
  }

  /** Returns a schedule. */
  async get(id: string): Promise<CronRow> {
    const row = await this.#store.getCron(scheduleId(id))
    if (row === null) throw unknownSchedule(id)
    return row
  }

  /** Returns the schedule of a cron trigger, or null. @internal */
  async ofTrigger(triggerName: string): Promise<CronRow | null> {
    const store = this.#store
    await this.#scheduler.settled()
    const [row] = await store.triggerCrons([triggerName])
    return row ?? null
  }

  /**
   * Finds a schedule by the name of its cron trigger or instance, by its id, or by the beginning of its id. Throws
   * `SCHEDULE_NOT_FOUND`, also if the name is ambiguous.
   */
  async find(name: string): Promise<CronRow> {
    const store = this.#store
    await this.#scheduler.settled()
    return await scheduleNamed(store, name)
  }

  /** Returns the next due times in milliseconds since 1970, at most `count`. `schedule`: its id, or its row. */
  async nextInstants(schedule: string | CronRow, count = 5): Promise<readonly number[]> {
    const row = typeof schedule === 'object' ? schedule : await this.get(schedule)
    const most = numberArgument(count, 'count', 0)
    return timesFrom(row, row.isEnabled && row.undeclaredAt === null ? row.nextRunAt : null, most)
  }

  /**
   * Returns the next times of an expression that no schedule has yet, in milliseconds since 1970, at most `count`.
   * Throws `INVALID_CRON` or `INVALID_TIMEZONE`.
   */
  async previewInstants(expression: string, timezone = 'UTC', count = 5): Promise<readonly number[]> {
    const timing = cronOf(expression, timezone)
    const most = numberArgument(count, 'count', 0)
    return timesFrom(timing, nextRunAt(timing.expression, timing.timezone, this.#ports.clock.now()), most)
  }

  /** Replaces the expression and the time zone of a schedule. Throws `INVALID_CRON` or `INVALID_TIMEZONE`. */
  async update(id: string, expression: string, timezone = 'UTC', options: ActionOptions = {}): Promise<void> {
    const store = this.#store
    const timing = cronOf(expression, timezone)
    const action = newAction(this.#ports, 'set', scheduleId(id), options, timing)
    const after = this.#scheduler.time.countsFrom(await store.getCron(id))
    const change = { ...timing, nextRunAt: nextRunAt(timing.expression, timing.timezone, after) }
    if (!(await store.updateCron(id, change, this.#ports.clock.now(), action))) throw unknownSchedule(id)
    void this.#scheduler.lookAgain()
  }

  /** Enables or disables a schedule, also in other engines. */
  async setEnabled(id: string, isEnabled: boolean, options: ActionOptions = {}): Promise<void> {
    const store = this.#store
    flagArgument(isEnabled)
    const action = newAction(this.#ports, isEnabled ? 'enable' : 'disable', scheduleId(id), options)
    // An overdue schedule fires as soon as it is enabled.
    if (isEnabled) await this.#scheduler.reckon(id)
    await store.setCronEnabled(id, isEnabled, this.#ports.clock.now(), action)
    void this.#scheduler.lookAgain()
  }

  /**
   * Starts the workflow of a schedule now, even if the schedule is disabled, and returns the id of the execution. The
   * next time of the schedule stays. Throws `WORKFLOW_NOT_FOUND`, `INVALID_CONTEXT` or `LIMITED`.
   */
  async run(id: string, options: ActionOptions = {}): Promise<string> {
    const row = await this.get(id)
    const workflow =
      this.#ports.registry.current().workflows.get(row.workflow) ??
      (await knownWorkflow(this.#ports.store, row.workflow))
    const executionId = this.#ports.newId()
    const action = newAction(this.#ports, 'fire', row.id, options, { execution: executionId })
    await this.#scheduler.run({ row, workflow, executionId, action })
    return executionId
  }

  /** Sets how a cron trigger catches up. Null: as declared. Returns false if there is no such trigger. @internal */
  async setCatchup(triggerName: string, catchup: Catchup | null, action?: NewAction): Promise<boolean> {
    const store = this.#store
    await this.#scheduler.settled()
    const isKnown = await store.overrideTriggerCron(triggerName, catchup, this.#ports.clock.now(), action)
    void this.#scheduler.lookAgain()
    return isKnown
  }

  /** Deletes a schedule and its firings. Its executions are kept. */
  async delete(id: string, options: ActionOptions = {}): Promise<void> {
    const store = this.#store
    const row = await store.getCron(scheduleId(id))
    if (row === null) return
    const { workflow, expression, timezone, triggerName } = row
    const action = newAction(this.#ports, 'delete', id, options, { workflow, expression, timezone })
    // Python's API deletes also schedules of declared triggers.
    if (triggerName === null || action.source === 'python') await store.deleteCron(id, this.#ports.clock.now(), action)
    else await removeTrigger(this.#ports, triggerName, action)
    void this.#scheduler.lookAgain()
  }

  /** Returns the actions of users on a schedule, newest first. */
  async actions(id: string): Promise<readonly ActionRow[]> {
    return await this.#ports.store.actions.list({ target: textArgument(id, 'id') }, ACTIONS_OF_TARGET)
  }

  /** Returns the firings of a schedule, newest first. */
  async history(id: string, options: PageAfterOptions = {}): Promise<readonly CronFiringRow[]> {
    return await this.#store.listCronFirings(scheduleId(id), checkedPageAfter(options))
  }

  /** Counts the firings of all schedules since a time, in milliseconds since 1970. */
  async stats(sinceAt: number): Promise<CronStats> {
    return await this.#store.cronStats(timeArgument(sinceAt, 'sinceAt'), this.#ports.clock.now())
  }

  async #create(
    schedule: CronTiming & {
      readonly id: string
      readonly workflow: string
      readonly instanceName: string | null
      readonly paramsText: ContextText | null
    },
    action?: NewAction,
  ): Promise<string> {
    const store = this.#store
    const { expression, timezone } = schedule
    const next = nextRunAt(expression, timezone, this.#scheduler.time.countsFrom(null))
    const at = this.#ports.clock.now()
    const notOfTrigger = { catchup: 'skip', triggerName: null, expectFireMs: null, tags: null, priority: null } as const
    await store.createCron({ ...schedule, ...notOfTrigger, nextRunAt: next, at }, action)
    void this.#scheduler.lookAgain()
    return schedule.id
  }

  /** The store. Throws if cron schedules are disabled. */
  get #store(): Store {
    return storeOfCrons(this.#ports)
  }
}

/**
 * Removes a polled or cron trigger that no engine declares, with its history in small steps. The last step records the
 * action. Returns false if there is no such trigger. Throws `ACTION_REFUSED` while an engine declares the trigger.
 */
export async function removeTrigger(
  { store, clock }: Pick<EnginePorts, 'store' | 'clock'>,
  name: string,
  action: NewAction,
): Promise<boolean> {
  for (;;) {
    const removal = await store.removeTrigger(name, clock.now(), action)
    if (removal === 'removed' || removal === 'unknown') return removal === 'removed'
    if (removal === 'more') continue
    const message =
      `Cannot remove trigger "${name}": a served script declares the trigger and would create it again. Remove the ` +
      `trigger from the script first, or disable it: cloaca trigger disable ${name}`
    throw new UsageError('ACTION_REFUSED', message, { trigger: name })
  }
}

function cronOf(expression: unknown, timezone: unknown): CronTiming {
  return { expression: textArgument(expression, 'expression'), timezone: textArgument(timezone, 'timezone') }
}

function timesFrom(timing: CronTiming, first: number | null, most: number): readonly number[] {
  const times: number[] = []
  for (let next = first; next !== null && times.length < most; next = nextAfter(timing, next)) times.push(next)
  return times
}

/** Returns the next run after a time, or null if there is none, for example in an expression for a past year. */
function nextAfter({ expression, timezone }: CronTiming, after: number): number | null {
  try {
    return nextRunAt(expression, timezone, after)
  } catch (thrown) {
    if (thrown instanceof UsageError) return null
    throw thrown
  }
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i

function scheduleId(id: unknown): string {
  const text = textArgument(id, 'id')
  if (UUID.test(text)) return text
  throw new UsageError('INVALID_ARGUMENT', `Invalid schedule ID: "${text}" is not a UUID.`, { scheduleId: text })
}

function unknownSchedule(id: string): UsageError {
  const message = `Record not found: no cron schedule has the id "${id}".`
  return new UsageError('SCHEDULE_NOT_FOUND', message, { scheduleId: id })
}

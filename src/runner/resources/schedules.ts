/** `runner.schedules`: cron schedules. */

import type { Engine } from '../../engine/engine.ts'
import { UsageError } from '../../errors.ts'
import type { ActionRow } from '../../model/action.ts'
import { flagArgument, numberArgument, textArgument } from '../../model/arguments.ts'
import type { CronFiringRow, CronRow, CronStats } from '../../model/schedule.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { type ActionOptions, steering } from './action-options.ts'
import { type PageAfterOptions, type PageOptions, pageAfterOf, pageOf } from './page.ts'

/** More than any database has. */
const ALL = 1_000_000

function cronOf(expression: unknown, timezone: unknown) {
  return { expression: textArgument(expression, 'expression'), timezone: textArgument(timezone, 'timezone') }
}

/** Cron schedules. */
export class RunnerSchedules {
  readonly #alive: KeepAlive
  readonly #engine: Engine

  constructor(alive: KeepAlive, engine: Engine) {
    this.#alive = alive
    this.#engine = engine
  }

  /** Returns the schedule's id. The workflow need not be known yet. Throws `INVALID_CRON` or `INVALID_TIMEZONE`. */
  async register(workflow: string, expression: string, timezone = 'UTC', options: ActionOptions = {}): Promise<string> {
    using _hold = this.#alive.hold()
    textArgument(workflow, 'workflow')
    return await this.#engine.scheduleSteering.register(workflow, cronOf(expression, timezone), steering(options).actor)
  }

  /** Newest first. */
  async list(options: PageOptions & { readonly enabledOnly?: boolean } = {}): Promise<readonly CronRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.crons.list({ ...pageOf(options), enabledOnly: options.enabledOnly ?? false })
  }

  /** Throws `SCHEDULE_NOT_FOUND`. */
  async get(id: string): Promise<CronRow> {
    using _hold = this.#alive.hold()
    return await this.#engine.crons.get(textArgument(id, 'id'))
  }

  /**
   * By the name of its cron trigger or instance, its id, or the beginning of that. Throws `SCHEDULE_NOT_FOUND`, with the
   * nearest name, also where several are meant.
   */
  async find(name: string): Promise<CronRow> {
    const rows = await this.list({ limit: ALL })
    const named = rows.filter((row) => [row.triggerName, row.instanceName, row.id].includes(textArgument(name, 'name')))
    const found = named.length > 0 ? named : rows.filter((row) => row.id.startsWith(name))
    const [row, ...others] = found
    if (row !== undefined && others.length === 0) return row
    const known = rows.flatMap((each) => each.triggerName ?? each.instanceName ?? [])
    const message =
      row === undefined
        ? `There is no schedule "${name}" in this database.${didYouMean(name, known)}`
        : `Several schedules are meant by "${name}": ${found.map(({ id }) => id).join(', ')}. Give the id of one.`
    throw new UsageError('SCHEDULE_NOT_FOUND', message, { scheduleId: name })
  }

  /** The next instants at which it fires, at most `count`. Throws `SCHEDULE_NOT_FOUND`. */
  async nextInstants(id: string, count = 5): Promise<readonly number[]> {
    using _hold = this.#alive.hold()
    const row = await this.#engine.crons.get(textArgument(id, 'id'))
    return this.#engine.crons.nextInstants(row, numberArgument(count, 'count', 0))
  }

  /** Throws `SCHEDULE_NOT_FOUND`, `INVALID_CRON` or `INVALID_TIMEZONE`. */
  async update(id: string, expression: string, timezone = 'UTC', options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    const timing = cronOf(expression, timezone)
    await this.#engine.scheduleSteering.update(textArgument(id, 'id'), timing, steering(options).actor)
  }

  async setEnabled(id: string, isEnabled: boolean, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    flagArgument(isEnabled)
    await this.#engine.scheduleSteering.setEnabled(textArgument(id, 'id'), isEnabled, steering(options).actor)
  }

  /** Removes it with its firings; its executions stay. */
  async delete(id: string, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    await this.#engine.scheduleSteering.delete(textArgument(id, 'id'), steering(options).actor)
  }

  /** Actions of users on the schedule, newest first. */
  async actions(id: string): Promise<readonly ActionRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.scheduleSteering.actions(textArgument(id, 'id'))
  }

  /** Firings, newest first. */
  async history(id: string, options: PageAfterOptions = {}): Promise<readonly CronFiringRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.crons.history(textArgument(id, 'id'), pageAfterOf(options))
  }

  async stats(sinceAt: number): Promise<CronStats> {
    using _hold = this.#alive.hold()
    return await this.#engine.crons.stats(numberArgument(sinceAt, 'sinceAt', Number.MIN_SAFE_INTEGER))
  }
}

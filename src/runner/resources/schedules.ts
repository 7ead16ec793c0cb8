/** `runner.schedules`: cron schedules. */

import type { Engine } from '../../engine/engine.ts'
import type { ActionRow } from '../../model/action.ts'
import { flagArgument, nameArgument, numberArgument, textArgument } from '../../model/arguments.ts'
import type { CronFiringRow, CronRow, CronStats } from '../../model/schedule.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { type ActionOptions, steering } from './action-options.ts'
import { type PageAfterOptions, type PageOptions, pageAfterOf, pageOf } from './page.ts'

function cronOf(expression: unknown, timezone: unknown) {
  return { expression: textArgument(expression, 'expression'), timezone: textArgument(timezone, 'timezone') }
}

/** `runner.schedules`: cron schedules. Calls with an id throw `SCHEDULE_NOT_FOUND` for an unknown schedule. */
export class RunnerSchedules {
  readonly #alive: KeepAlive
  readonly #engine: Engine

  constructor(alive: KeepAlive, engine: Engine) {
    this.#alive = alive
    this.#engine = engine
  }

  /**
   * Creates a schedule and returns its id. The workflow can be declared later. Throws `INVALID_CRON` or
   * `INVALID_TIMEZONE`.
   */
  async register(workflow: string, expression: string, timezone = 'UTC', options: ActionOptions = {}): Promise<string> {
    using _hold = this.#alive.hold()
    nameArgument(workflow, 'workflow')
    return await this.#engine.scheduleSteering.register(workflow, cronOf(expression, timezone), steering(options).actor)
  }

  /** Returns schedules, newest first. */
  async list(options: PageOptions & { readonly enabledOnly?: boolean } = {}): Promise<readonly CronRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.crons.list({ ...pageOf(options), enabledOnly: options.enabledOnly ?? false })
  }

  /** Returns a schedule. */
  async get(id: string): Promise<CronRow> {
    using _hold = this.#alive.hold()
    return await this.#engine.crons.get(textArgument(id, 'id'))
  }

  /**
   * Finds a schedule by the name of its cron trigger or instance, by its id, or by the beginning of its id. Throws
   * `SCHEDULE_NOT_FOUND`, also if the name is ambiguous.
   */
  async find(name: string): Promise<CronRow> {
    using _hold = this.#alive.hold()
    return await this.#engine.crons.find(textArgument(name, 'name'))
  }

  /**
   * Returns the next due times of a schedule in milliseconds since 1970, at most `count`. `schedule`: its id, or its
   * row from `list`.
   */
  async nextInstants(schedule: string | CronRow, count = 5): Promise<readonly number[]> {
    using _hold = this.#alive.hold()
    const row = typeof schedule === 'object' ? schedule : await this.#engine.crons.get(textArgument(schedule, 'id'))
    return this.#engine.crons.nextInstants(row, numberArgument(count, 'count', 0))
  }

  /** Replaces the expression and the time zone of a schedule. Throws `INVALID_CRON` or `INVALID_TIMEZONE`. */
  async update(id: string, expression: string, timezone = 'UTC', options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    const timing = cronOf(expression, timezone)
    await this.#engine.scheduleSteering.update(textArgument(id, 'id'), timing, steering(options).actor)
  }

  /** Enables or disables a schedule, also in other engines. */
  async setEnabled(id: string, isEnabled: boolean, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    flagArgument(isEnabled)
    await this.#engine.scheduleSteering.setEnabled(textArgument(id, 'id'), isEnabled, steering(options).actor)
  }

  /** Deletes a schedule and its firings. Its executions are kept. */
  async delete(id: string, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    await this.#engine.scheduleSteering.delete(textArgument(id, 'id'), steering(options).actor)
  }

  /** Returns the actions of users on a schedule, newest first. */
  async actions(id: string): Promise<readonly ActionRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.scheduleSteering.actions(textArgument(id, 'id'))
  }

  /** Returns the firings of a schedule, newest first. */
  async history(id: string, options: PageAfterOptions = {}): Promise<readonly CronFiringRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.crons.history(textArgument(id, 'id'), pageAfterOf(options))
  }

  /** Counts the firings of all schedules since a time, in milliseconds since 1970. */
  async stats(sinceAt: number): Promise<CronStats> {
    using _hold = this.#alive.hold()
    return await this.#engine.crons.stats(numberArgument(sinceAt, 'sinceAt', Number.MIN_SAFE_INTEGER))
  }
}

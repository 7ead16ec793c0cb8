/** `runner.schedules`: cron schedules. */

import type { Engine } from '../../engine/engine.ts'
import type { ActionRow } from '../../model/action.ts'
import { flagArgument, numberArgument, textArgument } from '../../model/arguments.ts'
import type { CronFiringRow, CronRow, CronStats } from '../../model/schedule.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { type ActionOptions, steering } from './action-options.ts'
import { type PageAfterOptions, type PageOptions, pageAfterOf, pageOf } from './page.ts'

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
    using _hold = this.#alive.hold()
    return await this.#engine.crons.find(textArgument(name, 'name'))
  }

  /**
   * The next instants at which a schedule fires, at most `count`. `schedule`: its id, or its row as `list` returns it,
   * which is not read again. Throws `SCHEDULE_NOT_FOUND`.
   */
  async nextInstants(schedule: string | CronRow, count = 5): Promise<readonly number[]> {
    using _hold = this.#alive.hold()
    const row = typeof schedule === 'object' ? schedule : await this.#engine.crons.get(textArgument(schedule, 'id'))
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

/** `runner.schedules`: cron schedules. */

import type { Engine } from '../../engine/engine.ts'
import { flagArgument, numberArgument, textArgument } from '../../model/arguments.ts'
import type { CronFiringRow, CronRow, CronStats } from '../../model/schedule.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { type PageOptions, pageOf } from './page.ts'

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

  /** Returns the schedule's id. Throws `INVALID_CRON` or `INVALID_TIMEZONE`. */
  async register(workflow: string, expression: string, timezone = 'UTC'): Promise<string> {
    using _hold = this.#alive.hold()
    textArgument(workflow, 'workflow')
    return await this.#engine.crons.register(workflow, cronOf(expression, timezone))
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

  /** Throws `SCHEDULE_NOT_FOUND`, `INVALID_CRON` or `INVALID_TIMEZONE`. */
  async update(id: string, expression: string, timezone = 'UTC'): Promise<void> {
    using _hold = this.#alive.hold()
    await this.#engine.crons.update(textArgument(id, 'id'), cronOf(expression, timezone))
  }

  async setEnabled(id: string, isEnabled: boolean): Promise<void> {
    using _hold = this.#alive.hold()
    flagArgument(isEnabled)
    await this.#engine.crons.setEnabled(textArgument(id, 'id'), isEnabled)
  }

  async delete(id: string): Promise<void> {
    using _hold = this.#alive.hold()
    await this.#engine.crons.delete(textArgument(id, 'id'))
  }

  /** Firings, newest first. */
  async history(id: string, options: PageOptions = {}): Promise<readonly CronFiringRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.crons.history(textArgument(id, 'id'), pageOf(options))
  }

  async stats(sinceAt: number): Promise<CronStats> {
    using _hold = this.#alive.hold()
    return await this.#engine.crons.stats(numberArgument(sinceAt, 'sinceAt', Number.MIN_SAFE_INTEGER))
  }
}

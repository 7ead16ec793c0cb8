/** `runner.triggers`: what the database knows of triggers, and which of them are polled. */

import type { Engine } from '../../engine/engine.ts'
import { UsageError } from '../../errors.ts'
import { flagArgument, textArgument } from '../../model/arguments.ts'
import type { FiringRow, TickRow, TriggerRow } from '../../model/schedule.ts'
import type { LiveRegistry } from '../../registry/live-registry.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { type PageOptions, pageOf } from './page.ts'

/** A trigger's row, and whether its code is loaded here. */
export interface TriggerInfo extends TriggerRow {
  readonly isLoaded: boolean
}

/** More than any database has. */
const ALL = 1_000_000

export class RunnerTriggers {
  readonly #alive: KeepAlive
  readonly #engine: Engine
  readonly #registry: LiveRegistry

  constructor(alive: KeepAlive, engine: Engine, registry: LiveRegistry) {
    this.#alive = alive
    this.#engine = engine
    this.#registry = registry
  }

  /** Newest first. */
  async list(options: PageOptions & { readonly enabledOnly?: boolean } = {}): Promise<readonly TriggerInfo[]> {
    using _hold = this.#alive.hold()
    const { enabledOnly = false } = options
    const rows = await this.#engine.triggers.list({ ...pageOf(options), enabledOnly })
    return rows.map((row) => this.#info(row))
  }

  /** Enabled triggers that have not been polled for two of their intervals, in whatever process. */
  async listLate(): Promise<readonly TriggerInfo[]> {
    using _hold = this.#alive.hold()
    return (await this.#engine.health.lateTriggers()).map((row) => this.#info(row))
  }

  /** Throws `TRIGGER_NOT_FOUND`, with the nearest name. */
  async get(name: string): Promise<TriggerInfo> {
    using _hold = this.#alive.hold()
    const row = await this.#engine.triggers.get(textArgument(name, 'name'))
    if (row === null) throw await this.#unknown(name)
    return this.#info(row)
  }

  /** Takes effect at once, also in another process, and survives restarts. Throws `TRIGGER_NOT_FOUND`. */
  async setEnabled(name: string, isEnabled: boolean): Promise<void> {
    using _hold = this.#alive.hold()
    textArgument(name, 'name')
    flagArgument(isEnabled)
    if (!(await this.#engine.triggers.setEnabled(name, isEnabled))) throw await this.#unknown(name)
  }

  /** Firings, newest first. Throws `TRIGGER_NOT_FOUND`. */
  async history(name: string, options: PageOptions = {}): Promise<readonly FiringRow[]> {
    using _hold = this.#alive.hold()
    await this.get(name)
    return await this.#engine.triggers.history(name, pageOf(options))
  }

  /** What every poll came to, newest first. Throws `TRIGGER_NOT_FOUND`. */
  async ticks(name: string, options: PageOptions = {}): Promise<readonly TickRow[]> {
    using _hold = this.#alive.hold()
    await this.get(name)
    return await this.#engine.triggers.ticks(name, pageOf(options))
  }

  #info(row: TriggerRow): TriggerInfo {
    return { ...row, isLoaded: this.#registry.current().triggers.has(row.name) }
  }

  async #unknown(name: string): Promise<UsageError> {
    const rows = await this.#engine.triggers.list({ limit: ALL, offset: 0, enabledOnly: false })
    const nearest = didYouMean(
      name,
      rows.map((row) => row.name),
    )
    return new UsageError('TRIGGER_NOT_FOUND', `There is no trigger "${name}" in this database.${nearest}`, {
      trigger: name,
    })
  }
}

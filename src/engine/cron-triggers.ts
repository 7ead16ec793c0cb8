/**
 * Triggers that the code declares with a cron expression: each is taken over as one cron schedule. Used by the cron
 * scheduler; a declaration that was taken over is not stored again until it changes.
 */

import { toError } from '../errors.ts'
import type { CronRow } from '../model/schedule.ts'
import type { TriggerDefinition } from '../model/trigger.ts'
import type { RegistrySource } from '../registry/live-registry.ts'
import { nextRunAt } from './cron.ts'
import type { EngineEvents } from './events.ts'
import type { Clock, Store } from './ports.ts'

export interface CronTriggersPorts {
  readonly store: Store
  readonly clock: Clock
  readonly registry: RegistrySource
  readonly events: EngineEvents
  readonly newId: () => string
}

export class CronTriggers {
  readonly #ports: CronTriggersPorts
  readonly #takenOver = new Map<string, TriggerDefinition>()

  constructor(ports: CronTriggersPorts) {
    this.#ports = ports
  }

  /** Stores the schedules of triggers that are new or were declared anew. A bad expression is reported once. */
  async takeOver(): Promise<void> {
    for (const trigger of this.#ports.registry.current().triggers.values()) {
      if (trigger.timing.kind !== 'cron' || this.#takenOver.get(trigger.name) === trigger) continue
      await this.#save(trigger, trigger.timing.expression, trigger.timing.timezone)
      this.#takenOver.set(trigger.name, trigger)
    }
  }

  /** The store may have none of the schedules. */
  forget(): void {
    this.#takenOver.clear()
  }

  /** A cron trigger's schedule fires only where the code declares it, so that it ends with the code. */
  isOurs(row: CronRow): boolean {
    if (row.triggerName === null) return true
    return this.#ports.registry.current().triggers.get(row.triggerName)?.timing.kind === 'cron'
  }

  async #save(trigger: TriggerDefinition, expression: string, timezone: string): Promise<void> {
    const { store, clock, events, newId } = this.#ports
    const at = clock.now()
    let firstRunAt: number
    try {
      firstRunAt = nextRunAt(expression, timezone, at)
    } catch (thrown) {
      const message = `Cron trigger "${trigger.name}" is not scheduled: ${toError(thrown).message}`
      events.emit('warning', { code: 'INVALID_CRON_TRIGGER', trigger: trigger.name, message })
      return
    }
    await store.saveTriggerCron({
      id: newId(),
      workflow: trigger.workflow,
      expression,
      timezone,
      nextRunAt: firstRunAt,
      triggerName: trigger.name,
      instanceName: null,
      paramsText: null,
      at,
    })
  }
}

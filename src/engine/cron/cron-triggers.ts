/**
 * Triggers that the code declares with a cron expression: each is taken over as one cron schedule. Used by the cron
 * scheduler; a declaration that was taken over is not stored again until it changes.
 */

import { toError } from '../../errors.ts'
import type { CronRow } from '../../model/schedule.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, NewTriggerCron, Store } from '../ports.ts'
import { followingRunAt } from './catchup.ts'
import type { CronTime } from './cron-time.ts'
import { nextRunAt } from './expressions.ts'

export interface CronTriggersPorts {
  readonly store: Store
  readonly clock: Clock
  readonly time: CronTime
  readonly registry: RegistrySource
  readonly events: EngineEvents
  readonly newId: () => string
}

const verdicts = new WeakMap<TriggerDefinition, boolean>()

/** Whether it is a cron trigger that fires: its expression and its zone are right. */
export function isScheduled(trigger: TriggerDefinition, now: number): boolean {
  if (trigger.timing.kind !== 'cron') return false
  let verdict = verdicts.get(trigger)
  if (verdict === undefined) {
    verdict = followingRunAt(trigger.timing, now) !== null
    verdicts.set(trigger, verdict)
  }
  return verdict
}

export class CronTriggers {
  readonly #ports: CronTriggersPorts
  readonly #takenOver = new Map<string, TriggerDefinition>()

  constructor(ports: CronTriggersPorts) {
    this.#ports = ports
  }

  /** Stores the schedules of triggers that are new or were declared anew, in one step. A bad expression is reported once. */
  async takeOver(): Promise<void> {
    const { store, registry } = this.#ports
    const triggers = [...registry.current().triggers.values()].filter(
      (trigger) => trigger.timing.kind === 'cron' && this.#takenOver.get(trigger.name) !== trigger,
    )
    if (triggers.length === 0) return
    const rows = await store.triggerCrons(triggers.map(({ name }) => name))
    const known = new Map(rows.map((row) => [row.triggerName, row]))
    const schedules = triggers.flatMap((trigger) => this.#scheduleOf(trigger, known.get(trigger.name) ?? null) ?? [])
    await store.saveTriggerCrons(schedules)
    for (const trigger of triggers) this.#takenOver.set(trigger.name, trigger)
  }

  /** The store may have none of the schedules. */
  forget(): void {
    this.#takenOver.clear()
  }

  /**
   * A cron trigger's schedule fires only where the code declares it, so that it ends with the code. What is stored of one whose
   * expression is wrong by now is of an earlier version.
   */
  isOurs(row: CronRow): boolean {
    if (row.triggerName === null) return true
    const { registry, clock } = this.#ports
    const trigger = registry.current().triggers.get(row.triggerName)
    return trigger !== undefined && isScheduled(trigger, clock.now())
  }

  /** Null when it cannot be scheduled. */
  #scheduleOf(trigger: TriggerDefinition, row: CronRow | null): NewTriggerCron | null {
    const { clock, time, events, newId } = this.#ports
    if (trigger.timing.kind !== 'cron') return null
    const { expression, timezone, catchup } = trigger.timing
    let firstRunAt: number
    try {
      firstRunAt = nextRunAt(expression, timezone, time.countsFrom(row))
    } catch (thrown) {
      const message = `Cron trigger "${trigger.name}" is not scheduled: ${toError(thrown).message}`
      events.emit('warning', { code: 'INVALID_CRON_TRIGGER', trigger: trigger.name, message })
      return null
    }
    return {
      id: newId(),
      workflow: trigger.workflow,
      expression,
      timezone,
      catchup,
      nextRunAt: firstRunAt,
      triggerName: trigger.name,
      instanceName: null,
      paramsText: null,
      at: clock.now(),
    }
  }
}

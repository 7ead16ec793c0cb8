/**
 * Triggers that the code declares with a cron expression: each is taken over as one cron schedule. Used by the cron
 * scheduler; a declaration that was taken over is not stored again until it changes.
 */

import type { CronRow } from '../../model/schedule.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, NewTriggerCron, Store } from '../ports.ts'
import { followingRunAt } from './catchup.ts'
import type { CronTime } from './cron-time.ts'
import { scheduleProblem } from './expressions.ts'

export interface CronTriggersPorts {
  readonly store: Store
  readonly clock: Clock
  readonly time: CronTime
  readonly registry: RegistrySource
  readonly events: EngineEvents
  readonly newId: () => string
}

const verdicts = new WeakMap<TriggerDefinition, boolean>()

/** Returns whether a trigger is a cron trigger whose expression and zone are right. */
function isScheduled(trigger: TriggerDefinition): boolean {
  if (trigger.timing.kind !== 'cron') return false
  let verdict = verdicts.get(trigger)
  if (verdict === undefined) {
    verdict = scheduleProblem(trigger.timing) === null
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

  /**
   * Stores the schedules of new and changed triggers, in one step. Reports a wrong expression once; its schedule has no next run.
   */
  async takeOver(): Promise<void> {
    const { store, registry } = this.#ports
    const triggers = [...registry.current().triggers.values()].filter(
      (trigger) => trigger.timing.kind === 'cron' && this.#takenOver.get(trigger.name) !== trigger,
    )
    if (triggers.length === 0) return
    const rows = await store.triggerCrons(triggers.map(({ name }) => name))
    const known = new Map(rows.map((row) => [row.triggerName, row]))
    const schedules = triggers.flatMap((trigger) => this.#scheduleOf(trigger, known.get(trigger.name) ?? null))
    await store.saveTriggerCrons(schedules)
    for (const trigger of triggers) this.#takenOver.set(trigger.name, trigger)
  }

  /** The store may have none of the schedules. */
  forget(): void {
    this.#takenOver.clear()
  }

  /** Returns whether a schedule may fire here. A cron trigger's fires only where the code declares it with a right expression. */
  isOurs(row: CronRow): boolean {
    if (row.triggerName === null) return true
    const trigger = this.#ports.registry.current().triggers.get(row.triggerName)
    return trigger !== undefined && isScheduled(trigger)
  }

  #scheduleOf(trigger: TriggerDefinition, row: CronRow | null): readonly NewTriggerCron[] {
    const { clock, time, events, newId } = this.#ports
    if (trigger.timing.kind !== 'cron') return []
    const { expression, timezone, catchup } = trigger.timing
    const problem = scheduleProblem(trigger.timing)
    if (problem !== null) {
      const message = `Cron trigger "${trigger.name}" is not scheduled: ${problem}`
      events.emit('warning', { code: 'INVALID_CRON_TRIGGER', trigger: trigger.name, message })
    }
    const schedule = {
      id: newId(),
      workflow: trigger.workflow,
      expression,
      timezone,
      catchup,
      nextRunAt: problem === null ? followingRunAt(trigger.timing, time.countsFrom(row)) : null,
      triggerName: trigger.name,
      instanceName: null,
      paramsText: null,
      at: clock.now(),
    }
    return [schedule]
  }
}

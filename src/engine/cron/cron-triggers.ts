/**
 * Stores triggers that the code declares with a cron expression as cron schedules, again only when a declaration
 * changes. Used by the cron scheduler.
 */

import type { CronRow } from '../../model/schedule-rows.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import type { EnginePorts } from '../engine-options.ts'
import { followingRunAt } from './catchup.ts'
import type { NewTriggerCron } from './cron-store.ts'
import type { CronTime } from './cron-time.ts'
import { scheduleProblem } from './expressions.ts'

type CronTriggerParts = Pick<EnginePorts, 'store' | 'clock' | 'registry' | 'events' | 'newId'>

const verdicts = new WeakMap<TriggerDefinition, boolean>()

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
  readonly #ports: CronTriggerParts
  readonly #time: CronTime
  readonly #takenOver = new Map<string, TriggerDefinition>()

  constructor(ports: CronTriggerParts, time: CronTime) {
    this.#ports = ports
    this.#time = time
  }

  /** Stores new and changed schedules in one step. Reports a wrong expression once; its schedule has no next run. */
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

  /** Stores all schedules again in the next pass, since the database may have none. */
  forget(): void {
    this.#takenOver.clear()
  }

  /** Returns whether a schedule may fire here: cron triggers only if the code declares them with a right expression. */
  isOurs(row: CronRow): boolean {
    if (row.triggerName === null) return true
    const trigger = this.#ports.registry.current().triggers.get(row.triggerName)
    return trigger !== undefined && isScheduled(trigger)
  }

  #scheduleOf(trigger: TriggerDefinition, row: CronRow | null): readonly NewTriggerCron[] {
    const { clock, events, newId } = this.#ports
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
      nextRunAt: problem === null ? followingRunAt(trigger.timing, this.#time.countsFrom(row)) : null,
      triggerName: trigger.name,
      instanceName: null,
      paramsText: null,
      expectFireMs: trigger.policy.expectFireMs,
      tags: trigger.tags ?? null,
      priority: trigger.priority ?? null,
      at: clock.now(),
    }
    return [schedule]
  }
}

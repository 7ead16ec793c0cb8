/** What people may do to cron schedules: create, change, enable, disable, delete. Each is a row of actions, with who and why. */

import type { ActionKind, ActionRow, Actor } from '../../model/action.ts'
import { recordDone } from '../actions/recorded-actions.ts'
import type { CronCalls, CronTiming } from '../cron/cron-calls.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, Store } from '../ports.ts'
import { removeTrigger } from './trigger-removal.ts'

export interface ScheduleSteeringPorts {
  readonly store: Store
  readonly clock: Clock
  readonly events: EngineEvents
  readonly newId: () => string
  readonly crons: CronCalls
}

export class ScheduleSteering {
  readonly #ports: ScheduleSteeringPorts

  constructor(ports: ScheduleSteeringPorts) {
    this.#ports = ports
  }

  /** Its id. Rejects with `INVALID_CRON` or `INVALID_TIMEZONE`. */
  async register(workflow: string, timing: CronTiming, actor: Actor): Promise<string> {
    const id = await this.#ports.crons.register(workflow, timing)
    await this.#record('create', id, actor, { workflow, ...timing })
    return id
  }

  /** Rejects as `register`, and with `SCHEDULE_NOT_FOUND`. */
  async update(id: string, timing: CronTiming, actor: Actor): Promise<void> {
    await this.#ports.crons.update(id, timing)
    await this.#record('set', id, actor, { ...timing })
  }

  /** Nothing happens for an unknown id. */
  async setEnabled(id: string, isEnabled: boolean, actor: Actor): Promise<void> {
    // First, since it says what is wrong with an id that is none.
    await this.#ports.crons.setEnabled(id, isEnabled)
    if ((await this.#ports.store.getCron(id)) === null) return
    await this.#record(isEnabled ? 'enable' : 'disable', id, actor)
  }

  /** Nothing happens for an unknown id. Rejects with `ACTION_REFUSED` for a cron trigger that a process that serves declares. */
  async delete(id: string, actor: Actor): Promise<void> {
    const { store, clock, crons } = this.#ports
    const row = await store.getCron(id)
    // Python's API deletes what it is told to.
    if (row !== null && row.triggerName !== null && actor.source !== 'python')
      await removeTrigger(store, clock, row.triggerName)
    await crons.delete(id)
    if (row === null) return
    const { workflow, expression, timezone } = row
    await this.#record('delete', id, actor, { workflow, expression, timezone })
  }

  /** What was done to it, newest first. */
  async actions(id: string): Promise<readonly ActionRow[]> {
    return this.#ports.store.actions.list(id, { limit: 1_000, offset: 0 })
  }

  async #record(kind: ActionKind, target: string, { source, note }: Actor, given: object | null = null): Promise<void> {
    const { store, clock, newId, events } = this.#ports
    const argumentsText = given === null ? null : JSON.stringify(given)
    const action = { id: newId(), kind, target, source, note, argumentsText, at: clock.now() }
    await recordDone({ store, events }, action)
  }
}

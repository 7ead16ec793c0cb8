/**
 * Tells the store which triggers this process declares, so that those which no process declares any more are known as such.
 * Driven by the scheduler after each change of the registry.
 */

import { toError } from '../../errors.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import { troubleDelayMs } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, DeclaredTriggers, Store, Timer } from '../ports.ts'

export interface DeclaredNamesPorts {
  readonly instanceId: string
  readonly store: Store
  readonly clock: Clock
  readonly registry: RegistrySource
  readonly events: EngineEvents
}

export class DeclaredNames {
  readonly #ports: DeclaredNamesPorts
  /** As the store has them of this process. */
  #told = textOf({ polled: [], crons: [] })
  #telling: Promise<void> | null = null
  #mustTell = false
  #failures = 0
  #timer: Timer | null = null
  #isStopped = false

  constructor(ports: DeclaredNamesPorts) {
    this.#ports = ports
  }

  /** The code may declare something else now. Settles when the store knows, or could not be told. Nothing is written where nothing differs. */
  tell(): Promise<void> {
    this.#mustTell = true
    this.#telling ??= this.#tellAll()
    return this.#telling
  }

  /** The store may have none of them. */
  forget(): void {
    this.#told = ''
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  async #tellAll(): Promise<void> {
    this.#timer?.cancel()
    // More declarations may come in this tick of the event loop.
    await null
    try {
      while (this.#mustTell && !this.#isStopped) {
        this.#mustTell = false
        await this.#write()
      }
      this.#failures = 0
    } catch (thrown) {
      this.#failures += 1
      const { clock, events } = this.#ports
      const delayMs = troubleDelayMs(this.#failures)
      const retryAt = clock.now() + delayMs
      events.emit('trouble', { during: 'noting which triggers are declared', error: toError(thrown), retryAt })
      this.#timer = clock.wakeAfter(delayMs, () => void this.tell())
    }
    this.#telling = null
  }

  async #write(): Promise<void> {
    const { registry, store, instanceId, clock } = this.#ports
    const triggers = [...registry.current().triggers.values()]
    const names = (kind: TriggerDefinition['timing']['kind']) =>
      triggers.filter(({ timing }) => timing.kind === kind).map(({ name }) => name)
    const declared: DeclaredTriggers = { polled: names('poll'), crons: names('cron') }
    const text = textOf(declared)
    if (text === this.#told) return
    await store.declareTriggers(instanceId, declared, clock.now())
    this.#told = text
  }
}

function textOf({ polled, crons }: DeclaredTriggers): string {
  return JSON.stringify([polled, crons])
}

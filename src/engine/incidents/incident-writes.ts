/** Steps of the store about incidents, in their order. A step that the database refuses is repeated. */

import { Reconciler } from '../backoff/reconciler.ts'
import type { EnginePorts } from '../engine-options.ts'

export class IncidentWrites {
  readonly #pending: (() => Promise<unknown>)[] = []
  readonly #passes: Reconciler

  constructor(ports: Pick<EnginePorts, 'clock' | 'events'>) {
    this.#passes = new Reconciler(ports, 'storing incidents', () => this.#pass())
  }

  /** Begins with the steps that were added before. */
  start(): void {
    void this.#passes.start()
  }

  add(step: () => Promise<unknown>): void {
    this.#pending.push(step)
    void this.#passes.request()
  }

  stop(): void {
    void this.#passes.stop()
  }

  async #pass(): Promise<void> {
    for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
      await next()
      this.#pending.shift()
    }
  }
}

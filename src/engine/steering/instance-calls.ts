/** What callers may ask about the runners that are open on the database. Part of the engine's API. */

import type { InstanceRow } from '../../model/schedule.ts'
import type { Clock, Store } from '../ports.ts'

export class InstanceCalls {
  readonly #ports: { readonly store: Store; readonly clock: Clock }
  readonly #assertOpen: () => void

  constructor(ports: { readonly store: Store; readonly clock: Clock }, assertOpen: () => void) {
    this.#ports = ports
    this.#assertOpen = assertOpen
  }

  /** The oldest first. */
  async list(): Promise<readonly InstanceRow[]> {
    this.#assertOpen()
    return this.#ports.store.listInstances(this.#ports.clock.now())
  }

  /** Whether a process serves this database, as far as one look shows. */
  async isServed(): Promise<boolean> {
    this.#assertOpen()
    return this.#ports.store.hasLivingInstance(this.#ports.clock.now())
  }
}

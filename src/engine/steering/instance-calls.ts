/** What callers may ask about the runners that are open on the database. Part of the engine's API. */

import type { InstanceRow } from '../../model/schedule.ts'
import type { Clock, Store } from '../ports.ts'

/** Returns whether an engine serves the database, as a single query shows it. */
export async function isServed(store: Pick<Store, 'listInstances'>, at: number): Promise<boolean> {
  return (await store.listInstances(at)).some(({ isAlive }) => isAlive)
}

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
    return await isServed(this.#ports.store, this.#ports.clock.now())
  }
}

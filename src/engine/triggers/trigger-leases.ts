/** Takes leases from the store, for the triggers that `polled-triggers.ts` keeps, and hands them over at the end. */

import type { Heartbeat } from '../heartbeat.ts'
import type { StartLimit, Store } from '../ports.ts'

/** The lease of a trigger that is polled here. A poll keeps the one it was begun under. */
export interface HeldLease {
  /** Null once the database that gave it was lost. */
  number: number | null
  /** Its last answer under this lease was to fire, and that is stored: what follows is no change. */
  isFiring: boolean
}

export interface TakenLeases {
  readonly leases: ReadonlyMap<string, HeldLease>
  /** Names of leased triggers that are the share of another engine. */
  readonly surplus: readonly string[]
}

export interface TriggerLeasesPorts {
  readonly instanceId: string
  readonly store: Store
  readonly heartbeat: Heartbeat
}

export class TriggerLeases {
  readonly #ports: TriggerLeasesPorts
  #startLimit: StartLimit

  constructor(ports: TriggerLeasesPorts) {
    this.#ports = ports
    this.#startLimit = ports.heartbeat.startLimit
  }

  /**
   * Returns the limit for polls on the leases that were read last. The heartbeat has another one after a gap in which leases may have been
   * lost; then they are read again before anything is polled.
   */
  get startLimit(): StartLimit {
    return this.#startLimit
  }

  /** Takes this instance's share of these triggers. Returns all leases that it holds, and those that another waits for. */
  async take(names: readonly string[], heldOf: (name: string) => HeldLease | null): Promise<TakenLeases> {
    const { store, instanceId, heartbeat } = this.#ports
    const { startLimit } = heartbeat
    // In the same step, and first: an instance that others took for dead enters again by it.
    const beat = heartbeat.isStale() ? heartbeat.beat() : null
    const [{ held: all, surplus }] = await Promise.all([store.leaseTriggers(instanceId, names), beat])
    this.#startLimit = beat === null ? startLimit : heartbeat.startLimit
    const leases = new Map(
      all.map(({ trigger, number }) => {
        const held = heldOf(trigger)
        // The same one goes on, so that it is marked also for a poll that is out when the database is lost.
        return [trigger, held?.number === number ? held : { number, isFiring: false }]
      }),
    )
    return { leases, surplus }
  }

  /** Gives up leases of triggers that are not polled here any more. */
  async release(names: readonly string[]): Promise<void> {
    await this.#ports.store.releaseTriggers(this.#ports.instanceId, names)
  }

  /** Releases the leases of triggers that are not polled. If the database refuses, other engines acquire them when this instance is closed, or dead. */
  async handOver(giveUp: () => Promise<unknown>): Promise<void> {
    try {
      await giveUp()
    } catch {
      // Nothing is lost by it: see above.
    }
  }
}

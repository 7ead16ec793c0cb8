/** Takes leases from the store, for the triggers that `polled-triggers.ts` keeps, and hands them over at the end. */

import type { Heartbeat } from '../heartbeat.ts'
import type { Store } from '../ports.ts'

/** The lease of a trigger that is polled here. A poll keeps the one it was begun under. */
export interface HeldLease {
  /** Null once the database that gave it was lost. */
  number: number | null
  /** Its last answer under this lease was to fire, and that is stored: what follows is no change. */
  isFiring: boolean
}

export interface TriggerLeasesPorts {
  readonly instanceId: string
  readonly store: Store
  readonly heartbeat: Heartbeat
}

export class TriggerLeases {
  readonly #ports: TriggerLeasesPorts

  constructor(ports: TriggerLeasesPorts) {
    this.#ports = ports
  }

  /** This instance's share of these triggers. `busy`: those that are polled at this moment. */
  async take(
    names: readonly string[],
    busy: ReadonlySet<string>,
    heldOf: (name: string) => HeldLease | null,
  ): Promise<ReadonlyMap<string, HeldLease>> {
    const { store, instanceId, heartbeat } = this.#ports
    // In the same step, and first: an instance that others took for dead enters again by it.
    const beat = heartbeat.isStale() ? heartbeat.beat() : null
    const [leases] = await Promise.all([store.leaseTriggers(instanceId, names, busy), beat])
    return new Map(
      leases.map(({ trigger, number }) => {
        const held = heldOf(trigger)
        // The same one goes on, so that it is marked also for a poll that is out when the database is lost.
        return [trigger, held?.number === number ? held : { number, isFiring: false }]
      }),
    )
  }

  /** `giveUp` takes none any more. Where the database refuses, others take them when this instance is closed, or dead. */
  async handOver(giveUp: () => Promise<unknown>): Promise<void> {
    try {
      await giveUp()
    } catch {
      // Nothing is lost by it: see above.
    }
  }
}

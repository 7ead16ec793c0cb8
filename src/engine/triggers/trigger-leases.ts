/** Takes leases for the triggers of `polled-triggers.ts`, and releases them at the end. */

import type { StartLimit } from '../clock-port.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { TriggerLease } from '../store-ports.ts'
import type { LeasedFacts, StoredState } from './poll-records.ts'

/** Lease of a trigger that is polled here. A poll keeps the lease under which it began. */
export interface HeldLease {
  /** Null after the database that gave the lease was lost. */
  number: number | null
  /** Whether the last answer under this lease was to fire, and is stored: the next one is not a change. */
  isFiring: boolean
  /** Stored state, which only the holder of the lease changes. Null if the trigger takes no state. */
  state: StoredState | null
  /** Whether executions of the trigger wait until fewer are active, as far as this engine knows. */
  hasWaiting: boolean
}

export interface TakenLeases {
  readonly leases: ReadonlyMap<string, HeldLease>
  /** Names of leased triggers that are the share of another engine. */
  readonly surplus: readonly string[]
}

type LeasePorts = Pick<EnginePorts, 'instanceId' | 'store' | 'heartbeat'>

export class TriggerLeases {
  readonly #ports: LeasePorts
  #startLimit: StartLimit

  constructor(ports: LeasePorts) {
    this.#ports = ports
    this.#startLimit = ports.heartbeat.startLimit
  }

  /**
   * Returns the limit for polls on the leases that were read last. After a gap in which leases may have been lost, the
   * heartbeat has another limit, and the leases are read again before the next poll.
   */
  get startLimit(): StartLimit {
    return this.#startLimit
  }

  /**
   * Takes this instance's share of these triggers. Returns its leases, and those that another instance waits for. Reads
   * the facts of triggers that it did not hold, and of those for which `mustRead` is true.
   */
  async take(
    names: readonly string[],
    heldOf: (name: string) => HeldLease | null,
    mustRead: (name: string) => boolean,
  ): Promise<TakenLeases> {
    const { store, instanceId, heartbeat } = this.#ports
    const { startLimit } = heartbeat
    // While this engine was silent, others could change the states of its triggers without its lease.
    const wasSilent = heartbeat.isStale() || startLimit !== this.#startLimit
    // In the same step, and first, since it registers an instance again that others considered dead.
    const beat = heartbeat.isStale() ? heartbeat.beat() : null
    const [{ held: all, surplus }] = await Promise.all([store.leaseTriggers(instanceId, names), beat])
    this.#startLimit = beat === null ? startLimit : heartbeat.startLimit
    // Keeps the objects, so that running polls also see a loss of the database.
    const isKept = ({ trigger, number }: TriggerLease) =>
      !wasSilent && heldOf(trigger)?.number === number && !mustRead(trigger)
    const facts = await this.#factsOf(all.filter((lease) => !isKept(lease)).map(({ trigger }) => trigger))
    const leases = new Map(
      all.map((lease): [string, HeldLease] => {
        const { trigger, number } = lease
        const held = heldOf(trigger)
        if (held?.number !== number) return [trigger, { number, isFiring: false, ...newFacts(facts.get(trigger)) }]
        if (!isKept(lease)) Object.assign(held, newFacts(facts.get(trigger)))
        return [trigger, held]
      }),
    )
    return { leases, surplus }
  }

  #factsOf(names: readonly string[]): Promise<ReadonlyMap<string, LeasedFacts>> | ReadonlyMap<string, LeasedFacts> {
    return names.length === 0 ? new Map() : this.#ports.store.leasedFacts(names)
  }

  async release(names: readonly string[]): Promise<void> {
    await this.#ports.store.releaseTriggers(this.#ports.instanceId, names)
  }

  /** Releases leases of idle triggers. If the database refuses, others take them when this one is closed or dead. */
  async handOver(giveUp: () => Promise<unknown>): Promise<void> {
    try {
      await giveUp()
    } catch {
      // Ignored: other engines take over when this one is closed, or dead
    }
  }
}

function newFacts(facts: LeasedFacts | undefined): LeasedFacts {
  return { state: facts?.state ?? null, hasWaiting: facts?.hasWaiting ?? false }
}

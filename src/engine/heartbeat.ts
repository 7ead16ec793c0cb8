/**
 * The signs of life of this engine, and whether they are young enough to act on what it holds: a process that stood still
 * (stopped, swapped out, asleep) may have been taken for dead, and others may hold its leases now. Held by the engine,
 * which beats it every three seconds; the scheduler asks it before it polls.
 */

import type { Clock, Store } from './ports.ts'

export const HEARTBEAT_MS = 3_000

/** Half of the 10 s after which others take an instance for dead. */
const BELIEVED_MS = 5_000

export interface HeartbeatPorts {
  readonly instanceId: string
  readonly store: Store
  readonly clock: Clock
}

export class Heartbeat {
  readonly #ports: HeartbeatPorts
  #hasBegun = false
  /** Monotonic: when the last heartbeat that was stored was asked for. */
  #beatAt = Number.NEGATIVE_INFINITY
  #others = 0

  constructor(ports: HeartbeatPorts) {
    this.#ports = ports
  }

  /** Enters the instance. */
  async open(): Promise<void> {
    const { store, clock, instanceId } = this.#ports
    const askedAt = clock.monotonic()
    await store.openInstance(instanceId, clock.now())
    this.#beatAt = askedAt
    this.#hasBegun = true
  }

  /** Whether the instance is entered. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** Asks the store in this tick of the event loop, so that what is asked beside it shares the step. */
  async beat(): Promise<void> {
    const { store, clock, instanceId } = this.#ports
    const askedAt = clock.monotonic()
    this.#others = await store.heartbeat(instanceId, clock.now())
    this.#beatAt = Math.max(this.#beatAt, askedAt)
  }

  /** Whether other instances run workflows of this database. */
  get hasOthers(): boolean {
    return this.#others > 0
  }

  /** Whether the leases must be renewed before anything is done on them. */
  isStale(): boolean {
    return this.#ports.clock.monotonic() - this.#beatAt > BELIEVED_MS
  }

  /** Time has passed that the monotonic clock did not count, as while the machine slept. */
  doubt(): void {
    this.#beatAt = Number.NEGATIVE_INFINITY
  }
}

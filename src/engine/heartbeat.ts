/**
 * The signs of life of this engine, and whether they are young enough to act on what it holds: a process that stood still
 * (stopped, swapped out, asleep) may have been taken for dead, and others may hold its leases now. Held by the engine,
 * which beats it every three seconds; the scheduler asks it before it polls.
 */

import type { Clock, StartLimit, Store } from './ports.ts'

export const HEARTBEAT_MS = 3_000

/** Half of the 10 s after which others take an instance for dead. */
const BELIEVED_MS = 5_000

/**
 * Time after a heartbeat in which requests may start. Other instances take the leases 10 s after they have read the heartbeat, or
 * later. The 2 s in between cover an interpreter that compares the time and is interrupted just before it calls the function, as on a
 * machine that swaps, and clocks of two machines that differ in speed. Leases are renewed after `BELIEVED_MS`, so that each request
 * has at least 3 s, one heartbeat, to start.
 */
const START_WITHIN_MS = 8_000

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
  #startLimit = { until: Number.NEGATIVE_INFINITY }
  #doubtedAt = Number.NEGATIVE_INFINITY
  #others = 0
  readonly #listeners = new Set<() => void>()

  constructor(ports: HeartbeatPorts) {
    this.#ports = ports
  }

  /** Enters the instance. */
  async open(): Promise<void> {
    const { store, clock, instanceId } = this.#ports
    const askedAt = clock.monotonic()
    await store.openInstance(instanceId, clock.now())
    this.#stored(askedAt)
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
    const { others, wasDead } = await store.heartbeat(instanceId, clock.now())
    this.#others = others
    if (wasDead) this.#declaredDead()
    this.#stored(askedAt)
  }

  /** Runs before the answers to requests that shared the step: an engine that was declared dead has lost everything that it held. */
  #declaredDead(): void {
    this.#startLimit = { until: Number.NEGATIVE_INFINITY }
    for (const listener of this.#listeners) listener()
  }

  #stored(askedAt: number): void {
    // The heartbeat may have been stored before the machine slept.
    if (askedAt < this.#doubtedAt) return
    this.#beatAt = Math.max(this.#beatAt, askedAt)
    const until = this.#beatAt + START_WITHIN_MS
    if (this.#ports.clock.monotonic() < this.#startLimit.until) this.#startLimit.until = until
    else this.#startLimit = { until }
  }

  /**
   * Returns the limit for requests that are made now. A heartbeat that is stored before the limit is over extends it. A later one
   * begins another limit, because other instances may have taken the leases in between: older requests do not start any more.
   */
  get startLimit(): StartLimit {
    return this.#startLimit
  }

  /** Calls back when a heartbeat shows that others took this engine for dead. */
  onDeclaredDead(callback: () => void): void {
    this.#listeners.add(callback)
  }

  /** Whether other instances run workflows of this database. */
  get hasOthers(): boolean {
    return this.#others > 0
  }

  /** Whether the leases must be renewed before anything is done on them. */
  isStale(): boolean {
    return this.#ports.clock.monotonic() - this.#beatAt > BELIEVED_MS
  }

  /**
   * Notes that time has passed which the monotonic clock did not count, as while the machine slept. Requests that were sent before
   * cannot be recalled: their limit is on the same clock, so that they may start although other instances may hold the leases.
   */
  doubt(): void {
    this.#doubtedAt = this.#ports.clock.monotonic()
    this.#beatAt = Number.NEGATIVE_INFINITY
    this.#startLimit = { until: Number.NEGATIVE_INFINITY }
  }
}

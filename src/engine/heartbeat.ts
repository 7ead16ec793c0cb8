/**
 * Heartbeats of this engine, and whether they are recent enough to use its leases: after a standstill (stopped, swapped
 * out, asleep), other engines may hold them. Owned by the engine, which beats every 3 s.
 */

import type { Clock, RunLimit, StartLimit } from './clock-port.ts'
import { LeaseLimit } from './limits/lease-limit.ts'
import type { Store } from './store.ts'

type ReportLost = Parameters<Store['openInstance']>[2]

export const HEARTBEAT_MS = 3_000

/** Half of the 10 s after which others consider an instance dead. */
const BELIEVED_MS = 5_000

/**
 * Time after a heartbeat in which requests may start. Others take the leases 10 s after they read the heartbeat, or
 * later. The 2 s in between cover an interpreter that is interrupted between comparing the time and calling the
 * function, as on a machine that swaps, and clocks of different speed. Leases are renewed after `BELIEVED_MS`, so that
 * each request has at least 3 s, one heartbeat, to start.
 */
const START_WITHIN_MS = 8_000

/** Time after a heartbeat in which attempts with limits may run. Others take their slots a second later. */
const RUN_WITHIN_MS = 9_000

export class Heartbeat {
  readonly #instanceId: string
  readonly #store: Store
  readonly #clock: Clock
  readonly #reportLost: ReportLost
  #hasBegun = false
  /** Monotonic time at which the last stored heartbeat was requested. */
  #beatAt = Number.NEGATIVE_INFINITY
  #startLimit = { until: Number.NEGATIVE_INFINITY }
  #runLimit = new LeaseLimit()
  #doubtedAt = Number.NEGATIVE_INFINITY
  #others = 0
  readonly #listeners = new Set<() => void>()

  /** `reportLost`: makes the incident of a lost engine. Default: none is reported. */
  constructor(instanceId: string, store: Store, clock: Clock, reportLost?: ReportLost) {
    this.#instanceId = instanceId
    this.#reportLost = reportLost
    this.#store = store
    this.#clock = clock
  }

  async open(): Promise<void> {
    const askedAt = this.#clock.monotonic()
    await this.#store.openInstance(this.#instanceId, this.#clock.now(), this.#reportLost)
    this.#stored(askedAt)
    this.#hasBegun = true
  }

  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** Calls the store in this tick of the event loop, so that other calls of the tick share the step. */
  async beat(): Promise<void> {
    const askedAt = this.#clock.monotonic()
    const { others, wasDead } = await this.#store.heartbeat(this.#instanceId, this.#clock.now())
    this.#others = others
    if (wasDead) this.#declaredDead()
    this.#stored(askedAt)
  }

  /** Runs before the answers to requests that shared the step, because an engine declared dead has no leases. */
  #declaredDead(): void {
    this.#endRunLimit()
    this.#startLimit = { until: Number.NEGATIVE_INFINITY }
    for (const listener of this.#listeners) listener()
  }

  /** Call this after the store has registered this engine in another database, in which it holds nothing. */
  registeredAgain(): void {
    this.#declaredDead()
    this.#stored(this.#clock.monotonic())
  }

  #stored(askedAt: number): void {
    // The heartbeat may have been stored before the machine slept.
    if (askedAt < this.#doubtedAt) return
    this.#beatAt = Math.max(this.#beatAt, askedAt)
    const until = this.#beatAt + START_WITHIN_MS
    if (this.#clock.monotonic() < this.#startLimit.until) this.#startLimit.until = until
    else this.#startLimit = { until }
    if (this.#clock.monotonic() >= this.#runLimit.until) this.#endRunLimit()
    this.#runLimit.moveTo(this.#beatAt + RUN_WITHIN_MS)
  }

  /**
   * Returns the limit for requests that are made now. A heartbeat stored before its end extends it. A later one begins
   * another limit, since others may have had the leases in between: older requests do not start any more.
   */
  get startLimit(): StartLimit {
    return this.#startLimit
  }

  /**
   * Returns the limit for attempts that begin now. It moves as `startLimit` does: a heartbeat that is stored too late
   * begins another one, because others may have had the slots in between.
   */
  get runLimit(): RunLimit {
    return this.#runLimit
  }

  #endRunLimit(): void {
    this.#runLimit.end()
    this.#runLimit = new LeaseLimit()
  }

  /** Calls back when this engine holds nothing any more: others considered it dead, or the database was replaced. */
  onDeclaredDead(callback: () => void): void {
    this.#listeners.add(callback)
  }

  get hasOthers(): boolean {
    return this.#others > 0
  }

  /** Returns whether leases must be renewed before they are used. */
  isStale(): boolean {
    return this.#clock.monotonic() - this.#beatAt > BELIEVED_MS
  }

  /**
   * Notes that the monotonic clock may have stopped, as during sleep. Requests already sent cannot be recalled: their
   * limit uses the same clock, so they may start although other instances hold the leases.
   */
  doubt(): void {
    this.#doubtedAt = this.#clock.monotonic()
    this.#beatAt = Number.NEGATIVE_INFINITY
    this.#endRunLimit()
    this.#startLimit = { until: Number.NEGATIVE_INFINITY }
  }
}

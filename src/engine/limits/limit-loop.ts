/**
 * Loop of limits: ends waits for slots that became free by time, at the end of a window, a closing or a lease. Runs
 * while tasks or executions of the database wait for slots. Every engine may do this; the store gives each slot once.
 */

import { Reconciler } from '../backoff/reconciler.ts'
import type { Timer } from '../clock-port.ts'
import type { EnginePorts } from '../engine-options.ts'

/** Minimum time between two passes that find nothing. */
const SHORTEST_LOOK_MS = 10
const LONGEST_LOOK_MS = 1_000
/** Time between the begin of a wait and the next pass, so that many waits that begin together share it. */
const LOOK_AFTER_WAIT_MS = 20

export class LimitLoop {
  readonly #ports: EnginePorts
  readonly #onAvailable: (executionIds: readonly string[]) => void
  readonly #passes: Reconciler
  #afterWait: Timer | null = null

  /** `onAvailable`: called with the ids of executions that can begin or continue. */
  constructor(ports: EnginePorts, onAvailable: (executionIds: readonly string[]) => void) {
    this.#ports = ports
    this.#onAvailable = onAvailable
    this.#passes = new Reconciler(ports, 'ending waits for limits', () => this.#pass())
  }

  start(): void {
    void this.#passes.start()
  }

  /** Requests a pass, since a slot may have become free. */
  look(): void {
    void this.#passes.request()
  }

  /** Requests a pass after the begin of a wait. */
  waiting(): void {
    this.#afterWait ??= this.#ports.clock.wakeAfter(LOOK_AFTER_WAIT_MS, () => {
      this.#afterWait = null
      this.look()
    })
  }

  stop(): void {
    this.#afterWait?.cancel()
    void this.#passes.stop()
  }

  async #pass(): Promise<void> {
    const { store, clock } = this.#ports
    const { available, nextInMs } = await store.limits.release(clock.now())
    if (this.#passes.isStopped) return
    if (available.length > 0) this.#onAvailable(available)
    if (nextInMs === null) return
    this.#passes.requestAfter(Math.min(LONGEST_LOOK_MS, Math.max(SHORTEST_LOOK_MS, nextInMs)))
  }
}

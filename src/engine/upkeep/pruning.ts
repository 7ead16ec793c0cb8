/**
 * Removes old records, in small steps with pauses between them: however much there is to remove, it takes a small part of
 * the time, and the polls, the tasks and the commits of others come between. Started by the engine.
 */

import type { EngineEvents } from '../events.ts'
import { runPeriodically } from '../periodic.ts'
import type { Clock, Retention, Store, Timer } from '../ports.ts'

/** The pauses are so many times as long as the steps. */
const PAUSE_FACTOR = 19
const SHORTEST_PAUSE_MS = 10
/** A step may have waited for the lock of another process. */
const LONGEST_PAUSE_MS = 1_000
const EVERY_MS = 60_000

export interface PruningPorts {
  readonly store: Pick<Store, 'prune'>
  readonly clock: Clock
  readonly events: EngineEvents
}

/** Removes old records once a minute. Returns a function that ends this. */
export function startPruning(ports: PruningPorts, retention: Retention): () => void {
  const pruning = new Pruning(ports, retention)
  const stop = runPeriodically({ during: 'removing old records', everyMs: EVERY_MS, run: () => pruning.run() }, ports)
  return () => {
    stop()
    pruning.stop()
  }
}

export class Pruning {
  readonly #ports: PruningPorts
  readonly #retention: Retention
  #isStopped = false
  #endPause: (() => void) | null = null

  constructor(ports: PruningPorts, retention: Retention) {
    this.#ports = ports
    this.#retention = retention
  }

  /** Settles when nothing is left to remove, or it was stopped. Rejects as the store does. */
  async run(): Promise<void> {
    const { store, clock } = this.#ports
    while (!this.#isStopped) {
      const beganAt = clock.monotonic()
      if ((await store.prune(this.#retention, clock.now())) === 0) return
      const pauseMs = PAUSE_FACTOR * (clock.monotonic() - beganAt)
      if (!this.#isStopped) await this.#pause(Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, pauseMs)))
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#endPause?.()
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer: Timer = this.#ports.clock.wakeAfter(ms, resolve)
      this.#endPause = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}

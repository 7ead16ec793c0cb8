/** Removes old records in small steps with pauses, so polls, tasks and commits continue. Started by the engine. */

import type { Retention } from '../../model/retention-limits.ts'
import type { Timer } from '../clock-port.ts'
import type { EnginePorts } from '../engine-options.ts'
import { runPeriodically } from '../periodic.ts'
import type { Store } from '../store.ts'

/** Ratio of pauses to steps. */
const PAUSE_FACTOR = 19
const SHORTEST_PAUSE_MS = 10
/** Limit, since a step may have waited for the lock of another process. */
const LONGEST_PAUSE_MS = 1_000
const EVERY_MS = 60_000

type PruningPorts = Pick<EnginePorts, 'clock' | 'events'> & { readonly store: Pick<Store, 'prune'> }

/** Removes old records once a minute. Returns a function that ends this. */
export function startPruning(ports: PruningPorts, retention: Partial<Retention>): () => void {
  const pruning = new Pruning(ports, retention)
  const stop = runPeriodically({ during: 'removing old records', everyMs: EVERY_MS, run: () => pruning.run() }, ports)
  return () => {
    stop()
    pruning.stop()
  }
}

export class Pruning {
  readonly #ports: PruningPorts
  readonly #retention: Partial<Retention>
  #isStopped = false
  #endPause: (() => void) | null = null

  constructor(ports: PruningPorts, retention: Partial<Retention>) {
    this.#ports = ports
    this.#retention = retention
  }

  /** Resolves when nothing is left to remove, or after a stop. Rejects as the store does. */
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

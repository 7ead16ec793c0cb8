/** Open waits, approvals and limits of the database, for metrics. Nothing is counted unless a caller reads them. */

import type { LimitRow } from '../../model/limits/limits.ts'
import type { WaitKind } from '../../model/waits.ts'
import type { EnginePorts } from '../engine-options.ts'

/** Counting 100,000 open waits takes 20 ms. */
const COUNT_EVERY_MS = 5_000

interface OpenCounts {
  readonly waits: ReadonlyMap<WaitKind, number>
  readonly approvals: number
  readonly limits: readonly LimitRow[]
}

export class WaitCounts {
  readonly #ports: Pick<EnginePorts, 'store' | 'clock'>
  #newest: OpenCounts = { waits: new Map(), approvals: 0, limits: [] }
  /** Monotonic time at which the newest counting began. It may not have ended. */
  #countedAt = Number.NEGATIVE_INFINITY

  constructor(ports: Pick<EnginePorts, 'store' | 'clock'>) {
    this.#ports = ports
  }

  /** Returns the numbers in memory. If they are old, they are replaced for the next call. */
  read(): OpenCounts {
    const at = this.#ports.clock.monotonic()
    if (at - this.#countedAt >= COUNT_EVERY_MS) {
      this.#countedAt = at
      void this.#count()
    }
    return this.#newest
  }

  async #count(): Promise<void> {
    const { store, clock } = this.#ports
    try {
      const [waits, approvals, limits] = await Promise.all([
        store.waits.countOpen(),
        store.approvals.countOpen(clock.now()),
        store.limits.list(),
      ])
      this.#newest = { waits, approvals, limits }
    } catch {
      // Ignored: the store reports its errors, and the numbers stay as they are
    }
  }
}

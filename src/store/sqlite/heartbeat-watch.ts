/**
 * Time since the heartbeats of other engines changed, as this process observed them. Each heartbeat increments a number
 * in the database, and the monotonic clock of the observer measures the time between two observations: wall clocks can
 * be set, and monotonic clocks of two machines cannot be compared. `SqliteLiveness` holds it.
 *
 * An observer that was suspended has observed no heartbeats. A pause between two observations therefore adds at most
 * the pause of an observer that runs.
 */

import type { Clock } from '../../engine/ports.ts'

/** One and a half heartbeats: every engine observes the others at each of its own. */
const MAX_PAUSE_MS = 4_500

interface Observed {
  readonly beats: number
  readonly silentMs: number
}

export class HeartbeatWatch {
  readonly #clock: Pick<Clock, 'monotonic'>
  #observed = new Map<number, Observed>()
  #observedAt: number | null = null

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Observes the heartbeats of all engines of the database, and forgets engines that are not among them. */
  observe(engines: readonly { readonly seq: number; readonly beats: number }[]): void {
    const now = this.#clock.monotonic()
    const passedMs = Math.min(now - (this.#observedAt ?? now), MAX_PAUSE_MS)
    this.#observedAt = now
    this.#observed = new Map(
      engines.map(({ seq, beats }) => {
        const before = this.#observed.get(seq)
        const silentMs = before?.beats === beats ? before.silentMs + passedMs : 0
        return [seq, { beats, silentMs }]
      }),
    )
  }

  /** Returns 0 for an engine that was not observed. */
  silentMs(seq: number): number {
    return this.#observed.get(seq)?.silentMs ?? 0
  }
}

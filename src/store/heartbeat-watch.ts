/**
 * How long the heartbeats of other instances have stood still, as this process saw them. Each heartbeat counts one up in
 * the database, and the time between two observations is measured by the observer's own monotonic clock: wall clocks are set, and
 * monotonic ones of two machines have nothing in common. Held by `Liveness`.
 *
 * A looker that itself stood still (a stopped process, a closed lid) heard nobody in that time and learned nothing by
 * it: of a pause between two observations, no more counts than an observer that runs would let pass.
 */

import type { Clock } from '../engine/ports.ts'

/** One and a half heartbeats: every instance observes the others at each of its own. */
const LONGEST_PAUSE_MS = 4_500

interface Heard {
  readonly beats: number
  readonly silentMs: number
}

export class HeartbeatWatch {
  readonly #clock: Pick<Clock, 'monotonic'>
  #heard = new Map<number, Heard>()
  #lookedAt: number | null = null

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Looks at the heartbeats of all instances there are; others are forgotten. */
  observe(instances: readonly { readonly seq: number; readonly beats: number }[]): void {
    const now = this.#clock.monotonic()
    const passedMs = Math.min(now - (this.#lookedAt ?? now), LONGEST_PAUSE_MS)
    this.#lookedAt = now
    this.#heard = new Map(
      instances.map(({ seq, beats }) => {
        const before = this.#heard.get(seq)
        const silentMs = before?.beats === beats ? before.silentMs + passedMs : 0
        return [seq, { beats, silentMs }]
      }),
    )
  }

  /** 0 for an instance that was not observed. */
  silentMs(seq: number): number {
    return this.#heard.get(seq)?.silentMs ?? 0
  }
}

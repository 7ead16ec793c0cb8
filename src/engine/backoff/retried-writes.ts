/**
 * Writes of results that exist only in memory, such as the firing of a poll that has consumed a message. A write that
 * the database rejects is repeated until it succeeds or the engine stops.
 *
 * States, and the moves:
 *   open      -> draining   drain: rejected writes are repeated each half second, without growing delays
 *   any       -> stopped    stop: each rejected write is tried a last time, and then reported as lost
 */

import { toError } from '../../errors.ts'
import type { EnginePorts } from '../engine-options.ts'
import { FIRST_DELAY_MS, GrowingDelay } from './backoff.ts'

export interface RetriedWrite<Result> {
  /** Name of the work in `trouble` events, such as `recording a firing of trigger "orders"`. */
  readonly during: string
  /** Called if the result is lost. Returns what a user needs to repeat the work, such as a context. */
  readonly detail?: () => string
  run(): Promise<Result>
}

export class RetriedWrites {
  readonly #ports: Pick<EnginePorts, 'clock' | 'events'>
  readonly #pauses = new Set<() => void>()
  readonly #unstored = new Set<Promise<unknown>>()
  readonly #lost: string[] = []
  #state: 'open' | 'draining' | 'stopped' = 'open'

  constructor(ports: Pick<EnginePorts, 'clock' | 'events'>) {
    this.#ports = ports
  }

  /** Resolves with the result of the write, or with null if the engine stopped before the write succeeded. */
  async store<Result>(write: RetriedWrite<Result>): Promise<Result | null> {
    const stored = this.#untilStored(write)
    this.#unstored.add(stored)
    try {
      return await stored
    } finally {
      this.#unstored.delete(stored)
    }
  }

  /** Repeats the rejected writes in this tick of the event loop. */
  retryNow(): void {
    for (const endPause of this.#pauses) endPause()
  }

  /** Repeats rejected writes more often. Resolves when all results of this time are stored. */
  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining'
    this.retryNow()
    while (this.#unstored.size > 0 && this.#state === 'draining') await Promise.all(this.#unstored)
  }

  /** Tries each rejected write a last time. Resolves with the names of the writes that were lost. */
  async stop(): Promise<readonly string[]> {
    this.#state = 'stopped'
    this.retryNow()
    await Promise.all(this.#unstored)
    return this.#lost
  }

  async #untilStored<Result>({ during, detail, run }: RetriedWrite<Result>): Promise<Result | null> {
    const { events, clock } = this.#ports
    const backoff = new GrowingDelay()
    for (;;) {
      const isLast = this.#state === 'stopped'
      try {
        return await run()
      } catch (thrown) {
        const error = toError(thrown)
        if (isLast) {
          this.#lost.push(during)
          // The log must contain the result: the poll may have consumed a message or file.
          events.emit('trouble', { during: `${during}${detail?.() ?? ''}`, error, retryAt: null })
          return null
        }
        const delayMs = this.#state === 'draining' ? FIRST_DELAY_MS : backoff.failed()
        events.emit('trouble', { during, error, retryAt: clock.now() + delayMs })
        await this.#pause(delayMs)
      }
    }
  }

  #pause(delayMs: number): Promise<void> {
    if (this.#state === 'stopped') return Promise.resolve()
    return new Promise((resolve) => {
      const endPause = (): void => {
        timer.cancel()
        this.#pauses.delete(endPause)
        resolve()
      }
      const timer = this.#ports.clock.wakeAfter(delayMs, endPause)
      this.#pauses.add(endPause)
    })
  }
}

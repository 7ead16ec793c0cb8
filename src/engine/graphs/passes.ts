/**
 * Passes over the store, one at a time: what is asked for meanwhile is done in the next one. A pass that fails is trouble, and is
 * tried again after a while. Held by what keeps in step with the store: `hosted-sources.ts`, `subscriptions.ts`.
 */

import { toError } from '../../errors.ts'
import { troubleDelayMs } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, Timer } from '../ports.ts'

export interface PassesPorts {
  readonly clock: Clock
  readonly events: EngineEvents
}

export class Passes {
  readonly #ports: PassesPorts
  readonly #during: string
  readonly #run: () => Promise<void>
  #pass: Promise<void> | null = null
  #isAsked = false
  #timer: Timer | null = null
  #failures = 0
  #isStopped = false

  /** `during`: for messages, as of a `Trouble`. */
  constructor(ports: PassesPorts, during: string, run: () => Promise<void>) {
    this.#ports = ports
    this.#during = during
    this.#run = run
  }

  /** Settles when a pass that began after this call has ended, however it did. */
  ask(): Promise<void> {
    if (this.#isStopped) return Promise.resolve()
    this.#isAsked = true
    this.#pass ??= this.#untilDone()
    return this.#pass
  }

  /** The same after some time; a later call takes the place of an earlier one. */
  askAfter(delayMs: number): void {
    if (this.#isStopped) return
    this.#timer?.cancel()
    this.#timer = this.#ports.clock.wakeAfter(delayMs, () => void this.ask())
  }

  /** Settles when none is under way. */
  async settled(): Promise<void> {
    await this.#pass
  }

  /** Begins none any more. Settles when none is under way; one that fails now is no trouble. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#pass
  }

  async #untilDone(): Promise<void> {
    // More may be asked for in this tick of the event loop.
    await null
    while (this.#isAsked && !this.#isStopped) {
      this.#isAsked = false
      try {
        await this.#run()
        this.#failures = 0
      } catch (thrown) {
        if (this.#isStopped) break
        this.#failures += 1
        const { events, clock } = this.#ports
        const delayMs = troubleDelayMs(this.#failures)
        events.emit('trouble', { during: this.#during, error: toError(thrown), retryAt: clock.now() + delayMs })
        this.askAfter(delayMs)
      }
    }
    // In the tick of the event loop in which the loop ended: whoever asks from now on begins a new one.
    this.#pass = null
  }
}

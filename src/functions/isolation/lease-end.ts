/** Ends a worker whose attempt does not stop at its `RunLimit`. Owned by `live-worker.ts`. */

import type { Clock, RunLimit, Timer } from '../../engine/clock-port.ts'
import { leaseFault } from '../../host/process/call-outcomes.ts'
import type { AttemptOutcome } from '../../model/execution.ts'
import { END_AFTER_MS, RunLimitWatch } from '../calls/run-limit.ts'

export interface LeaseEndActions {
  /** Asks the worker to stop the attempt. */
  stop(): void
  /** Ends the worker. */
  end(): void
}

export class LeaseEnd implements Disposable {
  readonly #watch: RunLimitWatch
  #ending: Timer | null = null
  #hasBegun = false

  constructor(clock: Clock, limit: RunLimit, actions: LeaseEndActions) {
    this.#watch = new RunLimitWatch(clock, limit, () => {
      this.#hasBegun = true
      actions.stop()
      this.#ending = clock.wakeAfter(END_AFTER_MS, () => actions.end())
    })
  }

  /** Whether the time has passed. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]()
    this.#ending?.cancel()
  }
}

export function leaseLost(label: string): AttemptOutcome {
  return { kind: 'lost', error: leaseFault(label) }
}

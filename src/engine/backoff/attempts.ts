/**
 * Calls timers and listeners. Nobody waits for them, so an exception would end the process. Here it is reported as
 * `trouble`, and the call is repeated until it returns. So the callbacks must tolerate a repetition after an exception
 * in the middle. Part of a clock, which offers it as `attempt`.
 */

import { toError } from '../../errors.ts'
import type { Clock, Timer, Trouble } from '../clock-port.ts'
import { GrowingDelay } from './backoff.ts'

const NOTHING_LEFT: Timer = { cancel: () => {} }

export class RepeatedAttempts {
  readonly #clock: Pick<Clock, 'now' | 'wakeAfter'>
  readonly #report: (trouble: Trouble) => void

  constructor(clock: Pick<Clock, 'now' | 'wakeAfter'>, report: (trouble: Trouble) => void) {
    this.#clock = clock
    this.#report = report
  }

  /** Calls `work` in this tick of the event loop. The returned timer cancels the repetitions. */
  run(during: string, work: () => void): Timer {
    const thrown = whatItThrows(work)
    return thrown === null ? NOTHING_LEFT : this.#again(during, work, thrown)
  }

  #again(during: string, work: () => void, first: Error): Timer {
    const backoff = new GrowingDelay()
    let timer: Timer
    const failed = (error: Error): void => {
      const delayMs = backoff.failed()
      this.#report({ during, error, retryAt: this.#clock.now() + delayMs })
      timer = this.#clock.wakeAfter(delayMs, () => {
        const thrown = whatItThrows(work)
        if (thrown !== null) failed(thrown)
      })
    }
    failed(first)
    return { cancel: () => timer.cancel() }
  }
}

function whatItThrows(work: () => void): Error | null {
  try {
    work()
    return null
  } catch (thrown) {
    return toError(thrown)
  }
}

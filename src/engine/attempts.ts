/**
 * The one place from which our timers and listeners are called. Nobody waits for what they do, so what they throw would
 * end the process: here it is reported as trouble, and they are called again, until they return. Part of a clock, which
 * calls its timers through it and hands it out as `attempt`.
 *
 * So what is called must bear being called again after it threw in the middle.
 */

import { toError } from '../errors.ts'
import { troubleDelayMs } from './due.ts'
import type { Clock, Timer, Trouble } from './ports.ts'

const NOTHING_LEFT: Timer = { cancel: () => {} }

export class Attempts {
  readonly #clock: Pick<Clock, 'now' | 'wakeAfter'>
  readonly #report: (trouble: Trouble) => void

  constructor(clock: Pick<Clock, 'now' | 'wakeAfter'>, report: (trouble: Trouble) => void) {
    this.#clock = clock
    this.#report = report
  }

  /** Calls it in this tick of the event loop. What is returned cancels the calls that are still to come. */
  run(during: string, work: () => void): Timer {
    const thrown = whatItThrows(work)
    return thrown === null ? NOTHING_LEFT : this.#again(during, work, thrown)
  }

  #again(during: string, work: () => void, first: Error): Timer {
    let failures = 0
    let timer: Timer
    const failed = (error: Error): void => {
      failures += 1
      const delayMs = troubleDelayMs(failures)
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

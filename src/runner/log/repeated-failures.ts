/**
 * Decides which failures of polls are logged. A trigger that fails at each poll is logged with its traceback once, and
 * then with the number of repetitions at most once a minute.
 */

import type { PythonFault } from '../../model/fault.ts'

/** Error type of a poll that was not run. */
const NOT_RUN = 'NotRun'
const COUNT_EVERY_MS = 60_000

interface LastFailure {
  readonly text: string
  loggedAt: number
  /** Failures since then. */
  count: number
}

export class RepeatedFailures {
  readonly #last = new Map<string, LastFailure>()

  /** Returns 0 for a failure to log, the number of repetitions to log, or null if nothing is to be logged. */
  add(name: string, { type, message, traceback }: PythonFault, at: number): number | null {
    // The message of a poll in back-off contains the remaining seconds. A traceback has the end of a long message.
    const text = `${type} ${type === NOT_RUN ? message.replace(/\d+(?= s$)/, '') : message} ${traceback}`
    const last = this.#last.get(name)
    if (last?.text !== text) {
      this.#last.set(name, { text, loggedAt: at, count: 0 })
      return 0
    }
    last.count += 1
    if (type === NOT_RUN || at - last.loggedAt < COUNT_EVERY_MS) return null
    const { count } = last
    Object.assign(last, { loggedAt: at, count: 0 })
    return count
  }
}

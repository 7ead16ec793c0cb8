/** Counts requests with a wrong token, and logs their number once a minute while there are any. */

import type { Clock } from '../../engine/clock-port.ts'
import type { LogSink } from '../../runner/log/event-log-lines.ts'

const MINUTE_MS = 60_000

export class WrongTokens {
  readonly #clock: Clock
  readonly #log: LogSink
  #count = 0

  constructor(clock: Clock, log: LogSink) {
    this.#clock = clock
    this.#log = log
  }

  add(): void {
    this.#count += 1
    if (this.#count === 1) this.#clock.wakeAfter(MINUTE_MS, () => this.#report(), 'counting wrong tokens')
  }

  #report(): void {
    const count = this.#count
    this.#count = 0
    const requests = count === 1 ? '1 request' : `${count} requests`
    this.#log({
      level: 'warn',
      message: `HTTP rejected ${requests} with a wrong token in the last minute`,
      facts: { count },
    })
  }
}

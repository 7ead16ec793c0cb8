/**
 * Sends alerts to one receiver, one after the other, and holds nobody up: whoever has an alert puts it in and goes on. Held
 * by `alerts.ts`, one for each receiver.
 *
 *   idle ──put──▶ sending the first ──ok──▶ the next, or idle
 *                      ▲        └─fails──▶ waiting, twice as long each time ──▶ sending the first again
 *                      │                        └─ what is older than 15 min is given up, all of it with one log line
 *   at most 1,000 wait: what comes then is given up at once, and one log line says so until there is room again
 *   closing: nothing is waited for any more; what cannot be sent then, or within the grace, is given up
 */

import type { Clock, Timer } from '../engine/ports.ts'
import { toError } from '../errors.ts'
import type { Alert, AlertDelivery } from '../model/alert.ts'

const MOST_WAITING = 1_000
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000
const GIVE_UP_AFTER_MS = 900_000

/** Where alerts go. */
export interface AlertReceiver {
  readonly to: AlertDelivery['to']
  /** As log lines name it: no secret, no path. */
  readonly shown: string
  /** Rejects when it was not received. Gives up when `stopping` is aborted. */
  send(alert: Alert, stopping: AbortSignal): Promise<void>
}

export interface DeliveryPorts {
  readonly clock: Clock
  readonly warn: (message: string) => void
  /** Hears of each alert what comes of it: whenever an attempt was made, and in the end. */
  readonly delivered: (alert: Alert, delivery: AlertDelivery) => void
}

interface Waiting {
  readonly alert: Alert
  /** Monotonic. */
  readonly since: number
  attempts: number
}

export class DeliveryQueue {
  readonly #receiver: AlertReceiver
  readonly #ports: DeliveryPorts
  readonly #stopping = new AbortController()
  #waiting: Waiting[] = []
  #failures = 0
  #isFull = false
  #isClosing = false
  #sending: Promise<void> | null = null
  #endPause: (() => void) | null = null

  constructor(receiver: AlertReceiver, ports: DeliveryPorts) {
    this.#receiver = receiver
    this.#ports = ports
  }

  /** Returns at once. */
  put(alert: Alert): void {
    const { clock, warn } = this.#ports
    if (this.#isClosing || this.#waiting.length >= MOST_WAITING) {
      const error = this.#isClosing ? 'the engine stopped' : `${MOST_WAITING} alerts were already queued`
      this.#end({ alert, since: 0, attempts: 0 }, 'failed', error)
      if (!this.#isFull) warn(`Alerts to ${this.#receiver.shown} are dropped: ${error}.`)
      this.#isFull = true
      return
    }
    this.#isFull = false
    this.#waiting.push({ alert, since: clock.monotonic(), attempts: 0 })
    this.#sending ??= this.#sendAll()
  }

  /** Tries once more what waits, without pauses, and gives up what is left after the grace. Never rejects. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true
    this.#endPause?.()
    const limit = this.#ports.clock.wakeAfter(graceMs, () => this.#stopping.abort())
    await this.#sending
    limit.cancel()
  }

  async #sendAll(): Promise<void> {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      first.attempts += 1
      try {
        await this.#receiver.send(first.alert, this.#stopping.signal)
        this.#failures = 0
        this.#waiting.shift()
        this.#end(first, 'delivered', null)
      } catch (thrown) {
        await this.#failed(first, toError(thrown).message)
      }
    }
    // In the tick of the event loop that saw nothing more: what comes later begins anew.
    this.#sending = null
  }

  async #failed(first: Waiting, error: string): Promise<void> {
    this.#failures += 1
    const { clock } = this.#ports
    const given = (waiting: Waiting): boolean =>
      this.#isClosing || clock.monotonic() - waiting.since >= GIVE_UP_AFTER_MS
    this.#giveUp(this.#waiting.filter(given), error)
    this.#waiting = this.#waiting.filter((waiting) => !given(waiting))
    if (!this.#waiting.includes(first)) return
    this.#note(first, 'pending', error)
    await this.#pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1)))
  }

  #giveUp(lost: readonly Waiting[], error: string): void {
    if (lost.length === 0) return
    for (const waiting of lost) this.#end(waiting, 'failed', waiting.attempts > 0 ? error : `not tried: ${error}`)
    const [first] = lost
    const what = lost.length === 1 ? 'An alert was' : `${lost.length} alerts were`
    const which = lost.length === 1 ? 'Alert' : 'First alert'
    this.#ports.warn(`${what} not delivered to ${this.#receiver.shown}: ${error}. ${which}: ${first?.alert.message}`)
  }

  #end(waiting: Waiting, outcome: 'delivered' | 'failed', error: string | null): void {
    this.#note(waiting, outcome, error)
  }

  #note({ alert, attempts }: Waiting, outcome: AlertDelivery['outcome'], error: string | null): void {
    const endedAt = outcome === 'pending' ? null : this.#ports.clock.now()
    this.#ports.delivered(alert, { to: this.#receiver.to, outcome, attempts, error, endedAt })
  }

  #pause(ms: number): Promise<void> {
    if (this.#isClosing) return Promise.resolve()
    return new Promise((resolve) => {
      const timer: Timer = this.#ports.clock.wakeAfter(ms, resolve, 'sending an alert again')
      this.#endPause = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}

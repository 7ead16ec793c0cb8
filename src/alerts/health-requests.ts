/** Requests a URL every minute while the engine is healthy: a dead man's switch reports when the requests end. */

import type { Clock, Timer } from '../engine/clock-port.ts'
import { type HttpRequest, sendRequest } from './http-request.ts'

const EVERY_MS = 60_000

export interface HealthRequestPorts {
  readonly clock: Clock
  readonly warn: (message: string) => void
  readonly isHealthy: () => Promise<boolean>
}

export class HealthRequests {
  readonly #target: Pick<HttpRequest, 'url' | 'allowsPrivateAddresses'>
  readonly #ports: HealthRequestPorts
  readonly #stopping = new AbortController()
  #timer: Timer | null = null
  #isFailing = false

  /** Sends the first request immediately. */
  constructor(target: Pick<HttpRequest, 'url' | 'allowsPrivateAddresses'>, ports: HealthRequestPorts) {
    this.#target = target
    this.#ports = ports
    this.#next()
  }

  stop(): void {
    this.#stopping.abort()
    this.#timer?.cancel()
  }

  #next(): void {
    this.#timer = this.#ports.clock.wakeAfter(EVERY_MS, () => this.#next(), 'requesting alerts.heartbeat-url')
    void this.#request()
  }

  /** Logs the first of consecutive failures. */
  async #request(): Promise<void> {
    if (!(await this.#ports.isHealthy()) || this.#stopping.signal.aborted) return
    const error = await this.#attempt()
    if (this.#stopping.signal.aborted) return
    if (error !== null && !this.#isFailing) {
      this.#ports.warn(`Cannot request alerts.heartbeat-url (${new URL(this.#target.url).origin}): ${error}.`)
    }
    this.#isFailing = error !== null
  }

  async #attempt(): Promise<string | null> {
    try {
      const status = await sendRequest({ ...this.#target, method: 'GET', headers: {} }, this.#stopping.signal)
      return status >= 200 && status < 300 ? null : `the server answered with status ${status}`
    } catch (thrown) {
      return (thrown as Error).message
    }
  }
}

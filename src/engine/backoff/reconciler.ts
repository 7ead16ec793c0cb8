/**
 * Runs passes that keep this engine and the store in step, one pass at a time. A failed pass is reported as `trouble`,
 * and repeated after a back-off.
 *
 * States, and the moves:
 *   new       -> requested   start
 *   idle      -> requested   request
 *   waiting   -> requested   request, or the delay is over
 *   requested -> running     in the same tick of the event loop, so that the requests of a tick share a pass
 *   running   -> requested   request: another pass follows
 *   running   -> waiting     the pass failed, or called `requestAfter`
 *   running   -> idle        the pass succeeded
 *   any       -> stopped     stop: the running pass ends, and no other pass begins
 */

import { toError } from '../../errors.ts'
import type { Timer } from '../clock-port.ts'
import type { EnginePorts } from '../engine-options.ts'
import { GrowingDelay } from './backoff.ts'

type State = 'new' | 'idle' | 'requested' | 'running' | 'waiting' | 'stopped'

export class Reconciler {
  readonly #ports: Pick<EnginePorts, 'clock' | 'events'>
  readonly #during: string
  readonly #pass: () => Promise<void>
  readonly #backoff = new GrowingDelay()
  #state: State = 'new'
  #passes: Promise<void> = Promise.resolve()
  #timer: Timer | null = null

  /** `during`: name of the work in `trouble` events, such as "reading cron schedules". */
  constructor(ports: Pick<EnginePorts, 'clock' | 'events'>, during: string, pass: () => Promise<void>) {
    this.#ports = ports
    this.#during = during
    this.#pass = pass
  }

  /** Whether no pass runs, is requested or is delayed. */
  get isIdle(): boolean {
    return this.#state === 'idle'
  }

  get isStopped(): boolean {
    return this.#state === 'stopped'
  }

  /** Requests the first pass. Earlier requests have no effect. */
  start(): Promise<void> {
    this.#move('new', 'idle')
    return this.request()
  }

  /** Requests a pass. Resolves when a pass that began after this call has ended, also if the pass failed. */
  request(): Promise<void> {
    if (this.#move('idle', 'requested') || this.#move('waiting', 'requested')) this.#passes = this.#runRequested()
    else this.#move('running', 'requested')
    return this.#passes
  }

  /** Requests a pass after a delay. Replaces an earlier delay. A pass that begins before ends the delay. */
  requestAfter(delayMs: number): void {
    if (this.isStopped) return
    this.#timer?.cancel()
    this.#timer = this.#ports.clock.wakeAfter(delayMs, () => void this.request())
    this.#move('idle', 'waiting')
  }

  /** Resolves when no pass runs or is requested. */
  settled(): Promise<void> {
    return this.#passes
  }

  /** Resolves when the running pass has ended. Its failure is not reported. */
  stop(): Promise<void> {
    this.#state = 'stopped'
    this.#timer?.cancel()
    return this.#passes
  }

  async #runRequested(): Promise<void> {
    await null
    while (this.#move('requested', 'running')) {
      this.#timer?.cancel()
      this.#timer = null
      await this.#runOnce()
    }
    this.#move('running', this.#timer === null ? 'idle' : 'waiting')
  }

  async #runOnce(): Promise<void> {
    try {
      await this.#pass()
      this.#backoff.succeeded()
    } catch (thrown) {
      if (this.isStopped) return
      const { events, clock } = this.#ports
      const delayMs = this.#backoff.failed()
      events.emit('trouble', { during: this.#during, error: toError(thrown), retryAt: clock.now() + delayMs })
      this.requestAfter(delayMs)
    }
  }

  /** Returns whether the state was `from`. */
  #move(from: State, to: State): boolean {
    if (this.#state !== from) return false
    this.#state = to
    return true
  }
}

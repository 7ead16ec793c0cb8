/**
 * Sends the stored alerts of one target, one after the other. Each target has a loop of its own, so that a target that
 * is down delays no other. Used by `engine-alerts.ts`.
 *
 *   looking ──nothing is due──▶ waiting for a second, or for a wake-up ──▶ looking
 *      │ ▲
 *      │ └──delivered and stored
 *      └─taken──▶ sending ──fails──▶ stored as pending ──▶ pausing, twice as long after each failure ──▶ looking
 *
 *   closing: sends due alerts until none is left, one fails, or the grace is over
 *   interrupted: the alert is due immediately, for the next engine
 *
 * A result that the database refuses is stored again until it is accepted. If the process dies before, the alert is due
 * again after `TAKEN_MS`, so an alert is delivered at least once.
 */

import type { Clock } from '../engine/clock-port.ts'
import type { IncidentStore, TakenDelivery } from '../engine/incidents/incident-store.ts'
import { type AlertDelivery, MAX_DELIVERY_WAIT_MS } from '../model/alert.ts'
import { type AlertTarget, type AttemptResult, attemptDelivery } from './alert-target.ts'
import { Pause } from './pause.ts'
import { WallShifts } from './wall-shifts.ts'

const LOOK_EVERY_MS = 1_000
const MIN_PAUSE_MS = 100
const MIN_BACK_OFF_MS = 1_000
/** Maximum pause while the database refuses. */
const MAX_STORE_PAUSE_MS = 10_000

export interface DeliveryPorts {
  readonly store: Pick<IncidentStore, 'take' | 'settleDelivery'>
  readonly clock: Clock
  readonly warn: (message: string) => void
  /** Receives whether the database answers. `beganAt`: monotonic time of the request. */
  readonly database: { readonly answered: (beganAt: number) => void; readonly stillRefuses: () => void }
}

/** Returns the pause after a number of consecutive failures: 1 s, 2 s, 4 s and so on, at most 10 min. */
export function backOffMs(failures: number): number {
  return Math.min(MAX_DELIVERY_WAIT_MS, MIN_BACK_OFF_MS * 2 ** Math.max(0, failures - 1))
}

export class DeliveryLoop {
  readonly #target: AlertTarget
  readonly #ports: DeliveryPorts
  readonly #pause: Pause
  readonly #shifts: WallShifts
  readonly #stopping: AbortSignal
  readonly #running: Promise<void>
  /** Consecutive failures of the target. */
  #failures = 0
  #isClosing = false
  #isWoken = false
  #isPausing = false

  /** `stopping`: ends the attempt that is being made. */
  constructor(target: AlertTarget, ports: DeliveryPorts, stopping: AbortSignal) {
    this.#target = target
    this.#ports = ports
    this.#stopping = stopping
    this.#pause = new Pause(ports.clock)
    this.#shifts = new WallShifts(ports.clock)
    this.#running = this.#run()
  }

  /** Looks for alerts immediately, unless the target is pausing after a failure. */
  wake(): void {
    this.#isWoken = true
    if (!this.#isPausing) this.#pause.end()
  }

  /** Resolves when the loop has ended. Never rejects. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#pause.end()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopping.aborted) {
      this.#isWoken = false
      const taken = await this.#take()
      if (taken === null) {
        if (this.#isClosing) return
        await this.#waitForAlerts()
        continue
      }
      if ((await this.#deliver(taken)) || !this.#isClosing) continue
      return
    }
  }

  /** Waits for at least the shortest pause, because many failures may wake the loop at the same time. */
  async #waitForAlerts(): Promise<void> {
    await this.#pauseFor(MIN_PAUSE_MS, 'looking for alerts to send')
    if (!this.#isWoken && !this.#isClosing) {
      await this.#pause.wait(LOOK_EVERY_MS - MIN_PAUSE_MS, 'looking for alerts to send')
    }
  }

  /** Returns the oldest alert that is due. Null: none is due, or the database refuses. */
  async #take(): Promise<TakenDelivery | null> {
    const { store, clock, database } = this.#ports
    const { receiver, to } = this.#target
    const beganAt = clock.monotonic()
    try {
      const [taken = null] = await store.take({ targets: [{ receiver, to }], ...this.#shifts.look(), limit: 1 })
      database.answered(beganAt)
      return taken
    } catch {
      database.stillRefuses() // Ignored: the engine itself reports it
      return null
    }
  }

  /** Returns whether the alert was delivered. After a failure, returns at the end of the pause. */
  async #deliver({ alert, attempts: before }: TakenDelivery): Promise<boolean> {
    const { clock } = this.#ports
    const result = await attemptDelivery(this.#target, alert, this.#stopping)
    const attempts = before + 1
    if (result.error === null) {
      this.#noteSuccess()
      await this.#settle(alert.id, { ...result, attempts, outcome: 'delivered', endedAt: clock.now() }, null)
      return true
    }
    const isInterrupted = this.#stopping.aborted
    if (!isInterrupted) this.#noteFailure(result.error)
    const dueAt = clock.now() + (isInterrupted ? 0 : backOffMs(attempts))
    await this.#settle(alert.id, { ...result, attempts, outcome: 'pending', endedAt: null }, dueAt)
    if (!this.#isClosing) await this.#pauseFor(backOffMs(this.#failures), 'sending alerts again')
    return false
  }

  async #settle(
    alertId: string,
    delivery: AttemptResult & Pick<AlertDelivery, 'attempts' | 'outcome' | 'endedAt'>,
    dueAt: number | null,
  ): Promise<void> {
    const { receiver, to } = this.#target
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.#ports.store.settleDelivery(alertId, { receiver, to, ...delivery }, dueAt)
      } catch {
        // Ignored: the engine itself reports a database that refuses, and the alert is sent again
        if (this.#isClosing) return
      }
      await this.#pauseFor(Math.min(MAX_STORE_PAUSE_MS, backOffMs(failures)), 'storing the delivery of an alert again')
    }
  }

  async #pauseFor(durationMs: number, during: string): Promise<void> {
    this.#isPausing = true
    if (!this.#isClosing) await this.#pause.wait(durationMs, during)
    this.#isPausing = false
  }

  #noteSuccess(): void {
    if (this.#failures > 0) this.#ports.warn(`Alerts to ${this.#name} are delivered again.`)
    this.#failures = 0
  }

  /** Logs only the first of consecutive failures. */
  #noteFailure(error: string): void {
    this.#failures += 1
    if (this.#failures > 1) return
    this.#ports.warn(`Cannot deliver alerts to ${this.#name}: ${error}. The delivery is repeated for up to 24 h.`)
  }

  get #name(): string {
    return `receiver "${this.#target.receiver}" (${this.#target.shown})`
  }
}

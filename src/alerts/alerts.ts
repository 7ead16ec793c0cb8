/**
 * Tells a URL and a command what somebody should know. Made by the runner where its options ask for alerts; listens to events
 * and is waited for by nobody but the runner's end.
 */

import type { EngineEvents } from '../engine/events.ts'
import type { AlertStore, Clock } from '../engine/ports.ts'
import { ALERT_KINDS, type Alert, type AlertDelivery, type AlertKind } from '../model/alert.ts'
import { AlertHistory } from './alert-history.ts'
import { AlertRules, type Overdue } from './alert-rules.ts'
import { type CommandPorts, command } from './command.ts'
import { type AlertReceiver, DeliveryQueue } from './delivery-queue.ts'
import { webhook } from './webhook.ts'

/** Options for alerts. */
export interface AlertOptions {
  /** URL that receives a JSON POST for each alert, `http://` or `https://`. Default: none. */
  readonly url?: string | null
  /**
   * Secret that signs the requests to the URL according to the Standard Webhooks specification. Default: no signature.
   */
  readonly secret?: string | null
  /**
   * Command that receives each alert as JSON on stdin: a program with its arguments, or a line for the system's shell.
   * Default: none.
   */
  readonly command?: string | readonly string[] | null
  /** Kinds of alerts to send. Default: all. */
  readonly on?: readonly AlertKind[]
  /** Number of consecutive failed polls of a trigger that cause an alert. Default: 3. */
  readonly failuresInRow?: number
  /**
   * Delay after the due time at which an alert is sent for an unfinished poll or a late schedule, in milliseconds.
   * Default: 60,000.
   */
  readonly lateByMs?: number
}

/** @internal */
export interface AlertPorts {
  readonly store: AlertStore
  readonly clock: Clock
  readonly warn: (message: string) => void
  /** Makes the UUID of an alert. Random by default. */
  readonly newId?: () => string
}

const FAILURES_IN_ROW = 3
const LATE_BY_MS = 60_000

/** @internal */
export class Alerts {
  readonly #rules: AlertRules
  readonly #queues: readonly DeliveryQueue[]
  readonly #history: AlertHistory
  /** Of alerts that are still on their way, by id: what is known of each receiver. */
  readonly #deliveries = new Map<string, Map<AlertDelivery['to'], AlertDelivery>>()
  readonly #receivers: readonly AlertReceiver[]

  private constructor(options: AlertOptions, receivers: readonly AlertReceiver[], ports: AlertPorts) {
    const { clock, warn, newId = () => crypto.randomUUID() } = ports
    this.#receivers = receivers
    this.#history = new AlertHistory(ports)
    const delivered = (alert: Alert, delivery: AlertDelivery): void => this.#delivered(alert, delivery)
    this.#queues = receivers.map((receiver) => new DeliveryQueue(receiver, { clock, warn, delivered }))
    const kinds = new Set<AlertKind>(options.on ?? ALERT_KINDS)
    const { failuresInRow = FAILURES_IN_ROW, lateByMs = LATE_BY_MS } = options
    this.#rules = new AlertRules(
      { kinds, failuresInRow, lateByMs },
      { clock, newId, raise: (alert) => this.#raised(alert) },
    )
  }

  /** Null where nobody is to be told. */
  static of(options: AlertOptions, ports: AlertPorts & CommandPorts): Alerts | null {
    const { url = null, secret = null, command: words = null } = options
    const receivers = [
      ...(url === null ? [] : [webhook({ url, secret }, ports.clock)]),
      ...(words === null ? [] : [command(words, ports)]),
    ]
    return Alerts.to(receivers, options, ports)
  }

  /** Returns null without receivers. */
  static to(receivers: readonly AlertReceiver[], options: AlertOptions, ports: AlertPorts): Alerts | null {
    return receivers.length === 0 ? null : new Alerts(options, receivers, ports)
  }

  /** Listens to an engine. */
  watch(events: EngineEvents): void {
    this.#rules.watch(events)
  }

  /** Looks whether the triggers of an engine are polled in time. */
  watchLateness(overdue: Overdue): void {
    this.#rules.watchLateness(overdue)
  }

  /** Listens no more, and lets what is on its way arrive within the grace. Never rejects. */
  async close(graceMs: number): Promise<void> {
    this.#rules.stop()
    await Promise.all(this.#queues.map((queue) => queue.close(graceMs)))
    await this.#history.close()
  }

  #raised(alert: Alert): void {
    const pending = this.#receivers.map(
      ({ to }) => [to, { to, outcome: 'pending', attempts: 0, error: null, endedAt: null }] as const,
    )
    this.#deliveries.set(alert.id, new Map<AlertDelivery['to'], AlertDelivery>(pending))
    this.#save(alert)
    for (const queue of this.#queues) queue.put(alert)
  }

  #delivered(alert: Alert, delivery: AlertDelivery): void {
    const deliveries = this.#deliveries.get(alert.id)
    deliveries?.set(delivery.to, delivery)
    this.#save(alert)
    const all = [...(deliveries?.values() ?? [])]
    if (all.every(({ outcome }) => outcome !== 'pending')) this.#deliveries.delete(alert.id)
  }

  #save(alert: Alert): void {
    this.#history.save({ ...alert, deliveries: [...(this.#deliveries.get(alert.id)?.values() ?? [])] })
  }
}

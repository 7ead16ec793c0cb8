/**
 * Alerts of one engine: chooses their receivers, and sends the stored alerts of these receivers, also those that a
 * stopped or dead engine left. Created by the runner for each engine.
 */

import type { Clock } from '../engine/clock-port.ts'
import type { EngineEvents } from '../engine/engine-events.ts'
import type { IncidentPolicy } from '../engine/incidents/incident-policy.ts'
import type { IncidentStore } from '../engine/incidents/incident-store.ts'
import { DEFAULT_ALERT_KINDS } from '../model/alert.ts'
import { type AlertOptions, alertTargets, DEFAULT_ALERT_LIMITS } from './alert-options.ts'
import { receiversFor } from './alert-routes.ts'
import type { AlertTarget } from './alert-target.ts'
import type { CommandPorts } from './command.ts'
import { DeliveryLoop } from './delivery-loop.ts'
import { DirectAlerts } from './direct-alerts.ts'

export interface AlertPorts {
  readonly store: Pick<IncidentStore, 'take' | 'settleDelivery' | 'saveSent'>
  readonly events: EngineEvents
  readonly clock: Clock
  readonly warn: (message: string) => void
  /** Default: random UUIDs. */
  readonly newId?: () => string
}

export class EngineAlerts {
  /** For the engine. */
  readonly policy: IncidentPolicy
  readonly #clock: Clock
  readonly #stopping = new AbortController()
  readonly #loops: readonly DeliveryLoop[]
  readonly #direct: DirectAlerts
  readonly #releases: readonly (() => void)[]

  /** Starts to send the stored alerts. */
  static open(options: AlertOptions, ports: AlertPorts & CommandPorts): EngineAlerts {
    return new EngineAlerts(alertTargets(options, ports), options, ports)
  }

  constructor(targets: readonly AlertTarget[], options: AlertOptions, ports: AlertPorts) {
    const { store, events, clock, warn, newId = () => crypto.randomUUID() } = ports
    const { signal } = this.#stopping
    this.#clock = clock
    this.#direct = new DirectAlerts({ store, clock, targets, newId }, signal)
    this.policy = policyFor(options, targets, this.#direct)
    const loopPorts = { store, clock, warn, database: this.#direct }
    this.#loops = targets.map((target) => new DeliveryLoop(target, loopPorts, signal))
    this.#releases = targets.length === 0 ? [] : this.#wakeOn(events)
  }

  /** Sends due alerts for at most the grace. The next engine sends the rest. Never rejects. */
  async close(graceMs: number): Promise<void> {
    for (const release of this.#releases) release()
    const limit = this.#clock.wakeAfter(graceMs, () => this.#stopping.abort(), 'ending the delivery of alerts')
    await Promise.all([...this.#loops, this.#direct].map((part) => part.close()))
    limit.cancel()
  }

  /** Looks for alerts after events that cause one. Other alerts, also of other engines, are found within a second. */
  #wakeOn(events: EngineEvents): readonly (() => void)[] {
    const wake = (): void => {
      for (const loop of this.#loops) loop.wake()
    }
    return [
      events.on('executionFinished', ({ status }) => {
        if (status === 'Failed') wake()
      }),
      events.on('triggerFailed', wake),
    ]
  }
}

function policyFor(options: AlertOptions, targets: readonly AlertTarget[], direct: DirectAlerts): IncidentPolicy {
  const { failuresInRow, lateByMs, repeatMs, cooldownMs } = { ...DEFAULT_ALERT_LIMITS, ...options }
  const { on = DEFAULT_ALERT_KINDS, recovered = true, routes } = options
  const named = targets.map(({ receiver, to }) => Object.freeze({ receiver, to }))
  return {
    kinds: new Set(on),
    ...{ failuresInRow, lateByMs, repeatMs, cooldownMs, sendsRecovery: recovered },
    targets(about) {
      const receivers = receiversFor(routes ?? [], about)
      return named.filter(({ receiver }) => receivers.has(receiver))
    },
    sendDirectly: (report) => direct.refused(report),
  }
}

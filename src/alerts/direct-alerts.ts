/**
 * Alerts about a database that refuses, and therefore cannot store them: they are sent from memory, and stored when the
 * database is back. Used by `engine-alerts.ts`. The engine ends the incident, whose last alert the database stores.
 *
 *   first refusal: `opened`
 *   refusal of the same outage, or of one within the cooldown: `repeated` if the last alert is older than `repeatMs`
 *
 * An alert that a target did not receive is sent again until the database is back. Then it is stored as pending, and
 * the loop of the target sends it.
 */

import type { Clock } from '../engine/clock-port.ts'
import type { IncidentReport } from '../engine/incidents/incident-report.ts'
import type { IncidentStore } from '../engine/incidents/incident-store.ts'
import { type Alert, type AlertDelivery, type AlertState, DATABASE_CALM_MS } from '../model/alert.ts'
import { type AlertTarget, attemptDelivery } from './alert-target.ts'
import { backOffMs } from './delivery-loop.ts'
import { Pause } from './pause.ts'

/** Maximum number of alerts in memory. Further alerts are dropped: the incident is known. */
const MAX_UNSAVED = 100

export interface DirectPorts {
  readonly store: Pick<IncidentStore, 'saveSent'>
  readonly clock: Clock
  readonly targets: readonly AlertTarget[]
  readonly newId: () => string
}

interface LastRefusal {
  readonly report: IncidentReport
  /** Time of the first refusal. */
  readonly since: number
  readonly count: number
  readonly lastAlertAt: number
}

interface DirectAlert {
  readonly alert: Alert
  readonly report: IncidentReport
  readonly deliveries: Map<AlertTarget, AlertDelivery>
}

export class DirectAlerts {
  readonly #ports: DirectPorts
  readonly #stopping: AbortSignal
  readonly #unsaved: DirectAlert[] = []
  readonly #pauses = new Set<Pause>()
  readonly #sending = new Map<AlertTarget, Promise<void>>()
  #last: LastRefusal | null = null
  #isAnswering = true
  /** Monotonic. */
  #refusedAt = Number.NEGATIVE_INFINITY
  #isClosing = false
  #saving: Promise<void> | null = null

  constructor(ports: DirectPorts, stopping: AbortSignal) {
    this.#ports = ports
    this.#stopping = stopping
  }

  /** Reports that the database refused. Does not wait for the alert. */
  refused(report: IncidentReport): void {
    this.#isAnswering = false
    this.#refusedAt = this.#ports.clock.monotonic()
    const { at, repeatMs, cooldownMs } = report
    const before = this.#last
    const isSame = before !== null && at - before.report.at < DATABASE_CALM_MS + cooldownMs
    const { since, count, lastAlertAt } = isSame ? before : { since: at, count: 0, lastAlertAt: null }
    const isSent = lastAlertAt === null || at - lastAlertAt >= repeatMs
    this.#last = { report, since, count: count + 1, lastAlertAt: isSent ? at : lastAlertAt }
    if (isSent) this.#send(lastAlertAt === null ? 'opened' : 'repeated', this.#last)
  }

  /** Reports that the database refuses also after its last refusal. The engine does not report it again so soon. */
  stillRefuses(): void {
    const at = this.#ports.clock.now()
    if (this.#last === null) return
    const { report } = this.#last
    if (!this.#isAnswering || at - report.at < DATABASE_CALM_MS) this.refused({ ...report, at })
  }

  /** Stores the alerts that were sent. A request that began before the last refusal proves nothing. */
  answered(beganAt: number): void {
    if (beganAt <= this.#refusedAt) return
    this.#isAnswering = true
    for (const pause of this.#pauses) pause.end()
    if (this.#unsaved.length > 0) this.#saving ??= this.#saveAll()
  }

  /** Waits for the attempts, and tries once to store the alerts. Never rejects. */
  async close(): Promise<void> {
    this.#isClosing = true
    for (const pause of this.#pauses) pause.end()
    await Promise.all(this.#sending.values())
    await this.#saving
    await this.#save()
  }

  #send(state: AlertState, { report, since, count }: LastRefusal): void {
    const { facts, kind, targets, at } = report
    const alert: Alert = Object.freeze({ ...facts, id: this.#ports.newId(), kind, state, at, count, since })
    const chosen = this.#ports.targets.filter(({ receiver, to }) =>
      targets.some((each) => each.receiver === receiver && each.to === to),
    )
    if (chosen.length === 0 || this.#unsaved.length >= MAX_UNSAVED) return
    const pending = chosen.map((target): [AlertTarget, AlertDelivery] => {
      const { receiver, to } = target
      return [target, { receiver, to, outcome: 'pending', attempts: 0, response: null, error: null, endedAt: null }]
    })
    const direct = { alert, report, deliveries: new Map(pending) }
    this.#unsaved.push(direct)
    for (const target of direct.deliveries.keys()) this.#queue(target, direct)
  }

  /** Sends an alert after the earlier ones to the same target. */
  #queue(target: AlertTarget, direct: DirectAlert): void {
    const before = this.#sending.get(target) ?? Promise.resolve()
    this.#sending.set(
      target,
      before.then(() => this.#deliver(target, direct)),
    )
  }

  async #deliver(target: AlertTarget, { alert, deliveries }: DirectAlert): Promise<void> {
    const { clock } = this.#ports
    const { receiver, to } = target
    for (let attempts = 1; ; attempts += 1) {
      const result = await attemptDelivery(target, alert, this.#stopping)
      const isDelivered = result.error === null
      const outcome = isDelivered ? 'delivered' : 'pending'
      deliveries.set(target, { receiver, to, ...result, attempts, outcome, endedAt: isDelivered ? clock.now() : null })
      if (isDelivered || this.#isAnswering || this.#isClosing) return
      await this.#wait(backOffMs(attempts))
      if (this.#isAnswering || this.#isClosing) return
    }
  }

  async #wait(durationMs: number): Promise<void> {
    const pause = new Pause(this.#ports.clock)
    this.#pauses.add(pause)
    await pause.wait(durationMs, 'sending an alert about the database again')
    this.#pauses.delete(pause)
  }

  async #saveAll(): Promise<void> {
    await this.#save()
    this.#saving = null
  }

  /** Stores the alerts whose sending has ended, oldest first, until the database refuses. */
  async #save(): Promise<void> {
    await Promise.all(this.#sending.values())
    for (let first = this.#unsaved[0]; first !== undefined; first = this.#unsaved[0]) {
      try {
        await this.#ports.store.saveSent({ ...first.alert, deliveries: [...first.deliveries.values()] }, first.report)
      } catch {
        return // Ignored: storing is repeated after the next answer of the database
      }
      this.#unsaved.shift()
    }
  }
}

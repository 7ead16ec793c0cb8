/** Builders of alerts, and a port of incidents in memory whose deliveries a test prepares and reads. */

import type { IncidentReport } from '../../src/engine/incidents/incident-report.ts'
import type { IncidentStore } from '../../src/engine/incidents/incident-store.ts'
import type { Alert, AlertDelivery, AlertRow } from '../../src/model/alert.ts'
import type { ManualClock } from './manual-clock.ts'
import { sentAlert } from './store-builders.ts'

export function makeAlert(given: Partial<Alert> = {}): Alert {
  const { deliveries: _, ...alert } = sentAlert(given)
  return alert
}

interface Pending {
  readonly alert: Alert
  readonly receiver: string
  readonly to: AlertDelivery['to']
  readonly attempts: number
  readonly dueAt: number
}

export class MemoryDeliveries implements Pick<IncidentStore, 'take' | 'settleDelivery' | 'saveSent'> {
  readonly #clock: ManualClock
  readonly pending: Pending[] = []
  readonly settled: (AlertDelivery & { readonly id: string; readonly dueAt: number | null })[] = []
  readonly saved: AlertRow[] = []
  takes = 0
  isRefusing = false

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  put(id: string, receiver = 'default', to: AlertDelivery['to'] = 'url'): void {
    this.pending.push({ alert: makeAlert({ id }), receiver, to, attempts: 0, dueAt: 0 })
  }

  async take({ targets, at }: Parameters<IncidentStore['take']>[0]) {
    this.takes += 1
    this.#refuse()
    const index = this.pending.findIndex(
      ({ receiver, to, dueAt }) =>
        dueAt <= at && targets.some((target) => target.receiver === receiver && target.to === to),
    )
    if (index === -1) return []
    const [{ alert, attempts, ...target } = this.#none()] = this.pending.splice(index, 1)
    return [{ alert, attempts, target }]
  }

  async settleDelivery(id: string, delivery: AlertDelivery, dueAt: number | null) {
    this.#refuse()
    this.settled.push({ id, ...delivery, dueAt })
    if (dueAt === null) return
    const { receiver, to, attempts } = delivery
    this.pending.unshift({ alert: makeAlert({ id }), receiver, to, attempts, dueAt })
  }

  async saveSent(alert: AlertRow, _report: IncidentReport) {
    this.#refuse()
    this.saved.push(alert)
  }

  /** Ids and outcomes of the deliveries, in order. */
  get outcomes(): readonly string[] {
    return this.settled.map(({ id, outcome }) => `${id} ${outcome}`)
  }

  #refuse(): void {
    if (this.isRefusing) throw new Error(`the disk is full at ${this.#clock.now()}`)
  }

  #none(): never {
    throw new Error('nothing is pending')
  }
}

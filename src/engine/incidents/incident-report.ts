/** Report of a failure to the store, which opens or extends an incident; see `incident-store.ts`. */

import type { AlertFacts, AlertKind, DeliveryTarget } from '../../model/alert.ts'

/** Deadline that passed before an execution or task ended, or opened approval. The store judges each key once. */
export interface MissedDeadline {
  readonly key: string
  readonly report: IncidentReport
}

/** Failure that opens or extends an incident. */
export interface IncidentReport {
  readonly kind: AlertKind
  /**
   * Name of the workflow or trigger, script or id of the engine; empty for the database. Incidents of one kind and
   * subject are the same incident.
   */
  readonly subject: string
  /** Content of the message, if one is sent. */
  readonly facts: AlertFacts
  readonly at: number
  /** Receivers by the routes of the reporting engine. Without targets, the incident has no messages. */
  readonly targets: readonly DeliveryTarget[]
  readonly repeatMs: number
  readonly cooldownMs: number
  readonly sendsRecovery: boolean
  /** Whether the incident ends immediately and without a message, because no later success ends it. */
  readonly isMoment: boolean
}

/** Options of an engine for incidents and their messages. Made by the runner from the options for alerts. */

import type { AlertKind, DeliveryTarget } from '../../model/alert.ts'
import type { IncidentReport } from './incident-report.ts'

export interface IncidentPolicy {
  /** Kinds that are reported. */
  readonly kinds: ReadonlySet<AlertKind>
  /** Number of consecutive failed polls of a trigger that open an incident. */
  readonly failuresInRow: number
  readonly lateByMs: number
  /** Time after the last message until an incident that fails again has another one. */
  readonly repeatMs: number
  /** Time after the end of an incident in which a failure opens it again without a message. */
  readonly cooldownMs: number
  /** Whether the end of an incident has a message. */
  readonly sendsRecovery: boolean
  /** Returns the targets of the first route that matches, or of the receiver `default`. */
  targets(about: RoutedFacts): readonly DeliveryTarget[]
  /** Sends a message about a database that refuses, and therefore cannot store the message now. Does not throw. */
  sendDirectly(report: IncidentReport): void
}

/** Facts of a failure by which the routes choose its receivers. */
export interface RoutedFacts {
  readonly kind: AlertKind
  readonly workflow: string | null
  readonly trigger: string | null
  /** Tags of the trigger, or else of the workflow. */
  readonly tags: Readonly<Record<string, string>>
}

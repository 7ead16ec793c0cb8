/**
 * Port of the store for incidents and their messages; its general rules are in `store.ts`.
 *
 * An incident is a row for a kind and a subject. The step that stores a failure opens or extends it, and the step that
 * stores the first success ends it, so that several engines and restarts have one incident. The same step adds the
 * message about it, with a delivery for each target, so that no message is lost and none is sent twice without need.
 *
 *   none ──failure──▶ open ──success──▶ ended ──failure within the cooldown──▶ open, silent ──success──▶ ended
 *
 *   failure: no message was sent for the incident yet: `opened`
 *            the last message is older than `repeatMs`: `repeated`, which also ends the silence
 *   success: `recovered`, unless the incident is silent, had no message, or its report has `sendsRecovery` false
 */

import type {
  Alert,
  AlertDelivery,
  AlertKind,
  AlertRow,
  DeliveryTarget,
  Incident,
  ReportedIncident,
} from '../../model/alert.ts'
import type { PageAfter } from '../store-ports.ts'
import type { IncidentReport } from './incident-report.ts'

/** Message that one target has to receive now. */
export interface TakenDelivery {
  readonly alert: Alert
  readonly target: DeliveryTarget
  /** Number of attempts before this one. */
  readonly attempts: number
}

/** Messages up to `beforeAt` are `byMs` younger than their times say, because the wall clock was set forward. */
export interface SetForward {
  readonly beforeAt: number
  readonly byMs: number
}

export interface DeliveryTake {
  /** Targets of the engine. Deliveries to other targets are left to other engines. */
  readonly targets: readonly DeliveryTarget[]
  readonly at: number
  readonly limit: number
  readonly setForward?: SetForward
}

export interface IncidentStore {
  /** Opens or extends an incident in a step of its own. Steps that store failures do it for these failures. */
  report(report: IncidentReport): Promise<void>
  /**
   * Judges a deadline once. Returns false, and stores nothing, if a deadline with this key was judged before. Null:
   * the deadline is met. `key`: unique name of the deadline, such as an id with a date.
   */
  judge(key: string, report: IncidentReport | null, at: number): Promise<boolean>
  /** Ends the open incidents of these kinds about a subject. */
  end(kinds: readonly AlertKind[], subject: string, at: number): Promise<void>
  /**
   * Takes deliveries that are due, oldest first: of each incident and target only the oldest that is pending. A taken
   * delivery is due again after `TAKEN_MS`, for any engine, unless it is settled before. Deliveries of messages that
   * are older than `GIVE_UP_AFTER_MS` fail instead. Writes nothing if nothing is due.
   */
  take(take: DeliveryTake): Promise<readonly TakenDelivery[]>
  /** Stores the result of an attempt. `dueAt`: time of the next attempt, of a pending delivery. */
  settleDelivery(alertId: string, delivery: AlertDelivery, dueAt: number | null): Promise<void>
  /**
   * Stores a message that was sent while the database refused, with its deliveries, and opens or extends the incident
   * of its report without another message.
   */
  saveSent(alert: AlertRow, report: IncidentReport): Promise<void>
  /** Messages, newest first. */
  listAlerts(page: PageAfter): Promise<readonly AlertRow[]>
  /** By their last failure, newest first. `isOpen`: only open ones. */
  listIncidents(page: PageAfter, isOpen?: boolean): Promise<readonly Incident[]>
  /**
   * Open incidents, and incidents of these kinds with a failure at or after a time. By their last failure, newest
   * first. At most `limit` of each of the two groups.
   */
  listUrgent(kinds: readonly AlertKind[], sinceAt: number, limit: number): Promise<readonly ReportedIncident[]>
}

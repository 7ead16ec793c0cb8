/**
 * Decides how a failure or a success changes an incident, and which message is sent. The states and transitions are in
 * the port, `incident-store.ts`. Times may be of engines with other clocks, or from before a clock was set back, so
 * a time that is far in the future is treated as one that is far in the past.
 */

import type { IncidentReport } from '../../../engine/incidents/incident-report.ts'
import type { AlertFacts, AlertState, DeliveryTarget, Incident } from '../../../model/alert.ts'

export interface StoredIncident extends Incident {
  /** Time of the last message, or null if none was sent. */
  readonly lastMessageAt: number | null
  /** Whether it was opened again without a message. */
  readonly isSilent: boolean
  readonly sendsRecovery: boolean
  /** Targets and facts of the last report. Targets of an earlier one if the last report has none. */
  readonly targets: readonly DeliveryTarget[]
  readonly facts: AlertFacts
}

export interface Transition {
  readonly incident: StoredIncident
  /** Message to send. Null: none. */
  readonly message: AlertState | null
}

/** `newest`: last incident of this kind and subject, open or ended. `newId`: makes the id of a new incident. */
export function afterFailure(newest: StoredIncident | null, report: IncidentReport, newId: () => string): Transition {
  const { at, targets, sendsRecovery, facts, cooldownMs } = report
  const isSame = newest !== null && (newest.endedAt === null || msBetween(newest.endedAt, at) < cooldownMs)
  const before = isSame ? newest : newIncident(report, newId)
  const due = messageDue(before.lastMessageAt, report)
  const message = targets.length === 0 ? null : due
  const isOpenedAgain = before.endedAt !== null
  const incident: StoredIncident = {
    ...before,
    lastAt: Math.max(before.lastAt, at),
    count: before.count + 1,
    endedAt: report.isMoment ? at : null,
    lastMessageAt: message === null ? before.lastMessageAt : at,
    isSilent: message === null && (isOpenedAgain ? before.lastMessageAt !== null : before.isSilent),
    sendsRecovery,
    targets: targets.length === 0 ? before.targets : targets,
    facts,
  }
  return { incident, message }
}

/** Returns the end of an open incident. */
export function afterSuccess(open: StoredIncident, at: number): Transition {
  const isSent = open.sendsRecovery && !open.isSilent && open.lastMessageAt !== null && open.targets.length > 0
  const incident = { ...open, endedAt: at, lastMessageAt: isSent ? at : open.lastMessageAt }
  return { incident, message: isSent ? 'recovered' : null }
}

function newIncident({ kind, subject, at, facts }: IncidentReport, newId: () => string): StoredIncident {
  const times = { openedAt: at, lastAt: at, endedAt: null, lastMessageAt: null }
  return { id: newId(), kind, subject, ...times, count: 0, isSilent: false, sendsRecovery: false, targets: [], facts }
}

function messageDue(lastMessageAt: number | null, { at, repeatMs }: IncidentReport): AlertState | null {
  if (lastMessageAt === null) return 'opened'
  return msBetween(lastMessageAt, at) >= repeatMs ? 'repeated' : null
}

function msBetween(one: number, other: number): number {
  return Math.abs(other - one)
}

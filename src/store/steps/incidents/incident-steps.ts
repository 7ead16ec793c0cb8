/**
 * Part of the steps that store failures and successes: opens, extends and ends incidents, and adds their messages. On
 * PostgreSQL, one transaction at a time changes incidents, so that two engines never wait for each other.
 */

import type { IncidentReport, MissedDeadline } from '../../../engine/incidents/incident-report.ts'
import type { Alert, AlertFacts, AlertKind, AlertState, DeliveryTarget } from '../../../model/alert.ts'
import { recoveredMessage } from '../../../model/incidents/recovery-message.ts'
import * as sql from '../../sql/incident-sql.ts'
import type { Stored } from '../../store-rows.ts'
import type { Session, Step } from '../../store-session.ts'
import { afterFailure, afterSuccess, type StoredIncident, type Transition } from './incident-state.ts'

interface Success {
  readonly kinds: readonly AlertKind[]
  readonly subject: string
  readonly at: number
  /** Execution that completed, or null for another success. */
  readonly executionId: string | null
}

/** `absorbed`: failure that the message of another incident reports. It extends an open incident, and opens none. */
export type IncidentChange =
  | { readonly failure: IncidentReport }
  | { readonly absorbed: IncidentReport }
  | { readonly success: Success }

type IncidentRecord = Stored<StoredIncident, 'targets' | 'facts', 'isSilent' | 'sendsRecovery'>

interface Key {
  readonly kind: AlertKind
  readonly subject: string
}

/** Message of a step, in the order in which it is stored. */
interface NewMessage {
  readonly incident: StoredIncident
  readonly state: AlertState
  readonly facts: AlertFacts
  readonly at: number
}

/** Applies changes in their order. Successes only end incidents that are open. */
export function* changeIncidents(session: Session, changes: readonly IncidentChange[]): Step<void> {
  if (changes.length === 0) return
  lockIncidents(session)
  const batch = new Batch(yield* newestIncidents(session, changes.flatMap(keys)), session.newId)
  for (const change of changes) batch.apply(change)
  batch.write(session)
}

const INSERT_JUDGED = 'INSERT INTO judged_deadlines (key, judged_at) VALUES ($1, $2) ON CONFLICT DO NOTHING'

/** Returns false if a deadline with this key was judged before. */
export function* judgeOnce(session: Session, key: string, at: number): Step<boolean> {
  return (yield* session.run(INSERT_JUDGED, key, at)) === 1
}

/** Judges deadlines that were missed. Returns the reports of those that nobody has judged before. */
export function* judgeDeadlines(session: Session, missed: readonly MissedDeadline[]): Step<readonly IncidentReport[]> {
  // Before the keys, so that no engine has a key that another one waits for while it changes incidents.
  if (missed.length > 0) lockIncidents(session)
  const reports: IncidentReport[] = []
  for (const { key, report } of missed) if (yield* judgeOnce(session, key, report.at)) reports.push(report)
  return reports
}

/** Stores a message that was sent before, and the failure that it is about. Does nothing if it is stored already. */
export function* storeSent(session: Session, alert: Alert, failure: IncidentReport): Step<void> {
  lockIncidents(session)
  if ((yield* session.one('SELECT 1 FROM alerts WHERE id = $1', alert.id)) !== undefined) return
  const [newest = null] = yield* newestIncidents(session, [failure])
  const { incident } = afterFailure(newest, failure, session.newId)
  writeIncident(session, { ...incident, lastMessageAt: failure.at, isSilent: false }, newest?.id === incident.id)
  insertAlert(session, alert, incident.id)
}

/** Ends the incidents of a removed trigger or schedule, without messages, because a removal is not a success. */
export function endIncidentsOfRemoved(session: Session, subject: string): void {
  lockIncidents(session)
  session.run(sql.END_INCIDENTS_OF_REMOVED, subject)
}

/** Must precede statements that change incidents. */
export function lockIncidents(session: Session): void {
  const { lock } = session.sql.incidents
  if (lock !== null) session.run(lock)
}

function* newestIncidents(session: Session, found: readonly Key[]): Step<readonly StoredIncident[]> {
  const rows = new Map(found.map(({ kind, subject }) => [keyText({ kind, subject }), [kind, subject]]))
  const sorted = [...rows].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row)
  const records = yield* session.allEach<IncidentRecord>(session.sql.incidents.findNewest, sorted)
  return records.map(({ targets, facts, isSilent, sendsRecovery, ...row }) => ({
    ...row,
    isSilent: Boolean(isSilent),
    sendsRecovery: Boolean(sendsRecovery),
    targets: JSON.parse(targets ?? '[]') as readonly DeliveryTarget[],
    facts: JSON.parse(facts ?? '{}') as AlertFacts,
  }))
}

function keys(change: IncidentChange): readonly Key[] {
  if ('failure' in change) return [change.failure]
  if ('absorbed' in change) return [change.absorbed]
  const { kinds, subject } = change.success
  return kinds.map((kind) => ({ kind, subject }))
}

/** Replaces characters that PostgreSQL does not store as the database does. */
function keyText({ kind, subject }: Key): string {
  return `${kind} ${subject.toWellFormed().replaceAll('\0', '\ufffd')}`
}

/** Changes of incidents in one step, and their messages. */
class Batch {
  readonly #newest: Map<string, StoredIncident>
  readonly #stored: ReadonlySet<string>
  /** Changed incidents by id, in the order of their first change: an incident ends before the next one is opened. */
  readonly #changed = new Map<string, StoredIncident>()
  readonly #messages: NewMessage[] = []
  readonly #newId: () => string

  constructor(stored: readonly StoredIncident[], newId: () => string) {
    this.#newest = new Map(stored.map((incident) => [keyText(incident), incident]))
    this.#stored = new Set(stored.map(({ id }) => id))
    this.#newId = newId
  }

  apply(change: IncidentChange): void {
    if ('success' in change) {
      this.#succeed(change.success)
      return
    }
    const failure = 'failure' in change ? change.failure : { ...change.absorbed, targets: [] }
    const newest = this.#newest.get(keyText(failure)) ?? null
    if ('absorbed' in change && newest?.endedAt !== null) return
    this.#add(afterFailure(newest, failure, this.#newId), failure.facts, failure.at)
  }

  #succeed(success: Success): void {
    for (const key of keys({ success })) {
      const incident = this.#newest.get(keyText(key))
      if (incident === undefined || incident.endedAt !== null) continue
      this.#add(afterSuccess(incident, success.at), recoveredFacts(incident, success), success.at)
    }
  }

  #add({ incident, message: state }: Transition, facts: AlertFacts, at: number): void {
    this.#newest.set(keyText(incident), incident)
    this.#changed.set(incident.id, incident)
    if (state !== null) this.#messages.push({ incident, state, facts, at })
  }

  write(session: Session): void {
    for (const incident of this.#changed.values()) writeIncident(session, incident, this.#stored.has(incident.id))
    for (const message of this.#messages) insertMessage(session, message)
  }
}

function writeIncident(session: Session, incident: StoredIncident, isStored: boolean): void {
  const { id, kind, subject, openedAt, lastAt, count, endedAt, lastMessageAt, isSilent, sendsRecovery } = incident
  const [targets, facts] = [JSON.stringify(incident.targets), JSON.stringify(incident.facts)]
  const values = [lastAt, count, endedAt, lastMessageAt, isSilent, sendsRecovery, targets, facts]
  if (isStored) session.run(sql.UPDATE_INCIDENT, id, ...values)
  else session.run(sql.INSERT_INCIDENT, id, kind, subject, openedAt, ...values)
}

/** Returns the facts of the last failure, and the execution that completed instead of the one that failed. */
function recoveredFacts(incident: StoredIncident, { at, executionId }: Success): AlertFacts {
  const { facts } = incident
  const message = recoveredMessage(incident, at)
  if (executionId === null) return { ...facts, message }
  const subject = facts.subject === facts.executionId ? executionId : facts.subject
  return { ...facts, message, subject, executionId }
}

function insertMessage(session: Session, { incident, state, facts, at }: NewMessage): void {
  const id = session.newId()
  const { kind, count, openedAt: since } = incident
  insertAlert(session, { ...facts, id, kind, state, at, count, since }, incident.id)
  for (const { receiver, to } of incident.targets) {
    session.run(sql.INSERT_DELIVERY, id, receiver, to, 'pending', 0, null, null, null, at)
  }
}

function insertAlert(session: Session, alert: Alert, incidentId: string): void {
  const { id, kind, state, subject, message, at, count, since } = alert
  const { workflow, trigger, task, errorType, cause, executionId } = alert
  const facts = [workflow, trigger, task, errorType, cause, executionId]
  session.run(sql.INSERT_ALERT, id, kind, state, subject, message, at, count, since, ...facts, incidentId)
}

/** Steps of the port of incidents, except for deliveries. */

import type { IncidentReport } from '../../../engine/incidents/incident-report.ts'
import type { IncidentStore } from '../../../engine/incidents/incident-store.ts'
import type { PageAfter } from '../../../engine/store-ports.ts'
import type {
  Alert,
  AlertDelivery,
  AlertFacts,
  AlertKind,
  AlertRow,
  Incident,
  ReportedIncident,
} from '../../../model/alert.ts'
import * as sql from '../../sql/incident-sql.ts'
import { type RunStep, type Session, type Step, stepMethod } from '../../store-session.ts'
import { placeAfter } from '../row-places.ts'
import { hasDueDeliveries, insertDelivery, settleDelivery, takeDeliveries } from './alert-delivery-steps.ts'
import { changeIncidents, judgeDeadlines, judgeOnce, storeSent } from './incident-steps.ts'

type AlertRecord = Alert & { readonly seq: number }

type DeliveryRecord = AlertDelivery & { readonly alertSeq: number }

export function incidentStore(run: RunStep): IncidentStore {
  return {
    report: stepMethod(run, 'accept', (session, failure) => changeIncidents(session, [{ failure }]), 'quiet'),
    judge: stepMethod(run, 'accept', judge, 'alone'),
    end: stepMethod(
      run,
      'accept',
      (session, kinds, subject, at) =>
        changeIncidents(session, [{ success: { kinds, subject, at, executionId: null } }]),
      'quiet',
    ),
    take: async (take) => {
      if (take.targets.length === 0 || !(await run('read', (session) => hasDueDeliveries(session, take)))) return []
      return await run('write', (session) => takeDeliveries(session, take), 'quiet')
    },
    settleDelivery: stepMethod(run, 'write', settleDelivery, 'quiet'),
    saveSent: stepMethod(run, 'write', saveSent, 'quiet'),
    listAlerts: stepMethod(run, 'read', listAlerts),
    listIncidents: stepMethod(run, 'read', listIncidents),
    listUrgent: stepMethod(run, 'read', listUrgent),
  }
}

function* judge(session: Session, key: string, failure: IncidentReport | null, at: number): Step<boolean> {
  if (failure === null) return yield* judgeOnce(session, key, at)
  const missed = yield* judgeDeadlines(session, [{ key, report: failure }])
  yield* changeIncidents(
    session,
    missed.map((report) => ({ failure: report })),
  )
  return missed.length > 0
}

function* saveSent(session: Session, { deliveries, ...alert }: AlertRow, failure: IncidentReport): Step<void> {
  yield* storeSent(session, alert, failure)
  for (const delivery of deliveries) insertDelivery(session, alert.id, delivery, alert.at)
}

function* listAlerts(session: Session, { limit, offset, after }: PageAfter): Step<readonly AlertRow[]> {
  const place = yield* placeAfter(session, 'SELECT raised_at AS at, seq FROM alerts WHERE id = $1', after)
  if (place === null) return []
  const alerts = yield* session.all<AlertRecord>(sql.LIST_ALERTS, place.seq, limit, offset)
  const seqs = alerts.map(({ seq }) => seq)
  const found = yield* session.all<DeliveryRecord>(session.sql.incidents.listDeliveries, seqs)
  const deliveries = Map.groupBy(found, ({ alertSeq }) => alertSeq)
  return alerts.map(({ seq, ...alert }) => {
    return { ...alert, deliveries: (deliveries.get(seq) ?? []).map(({ alertSeq: _, ...delivery }) => delivery) }
  })
}

function* listIncidents(
  session: Session,
  { limit, offset, after }: PageAfter,
  isOpen = false,
): Step<readonly Incident[]> {
  const place = yield* placeAfter(session, 'SELECT last_at AS at, seq FROM incidents WHERE id = $1', after)
  if (place === null) return []
  const statement = isOpen ? sql.LIST_OPEN_INCIDENTS : sql.LIST_INCIDENTS
  return yield* session.all<Incident>(statement, place.at, place.seq, limit, offset)
}

type ReportedRecord = Incident & { readonly facts: string }

function* listUrgent(
  session: Session,
  kinds: readonly AlertKind[],
  sinceAt: number,
  limit: number,
): Step<readonly ReportedIncident[]> {
  const open = session.all<ReportedRecord>(sql.LIST_OPEN, limit)
  const ended = session.all<ReportedRecord>(session.sql.incidents.listEndedOf, sinceAt, kinds, limit)
  return [...(yield* open), ...(yield* ended)]
    .map(({ facts, ...incident }) => ({ ...incident, facts: JSON.parse(facts) as AlertFacts }))
    .sort((one, other) => other.lastAt - one.lastAt)
}

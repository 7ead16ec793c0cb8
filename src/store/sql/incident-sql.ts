/** The SQL of incidents, their messages and deliveries. */

import type { AlertKind } from '../../model/alert.ts'
import { withNames } from './named.ts'
import type { Fragments } from './sql-fragments.ts'

/** Incidents that end with the first completed execution of their workflow. */
export const KINDS_OF_EXECUTIONS = ['execution-failed', 'deadline-missed'] as const satisfies readonly AlertKind[]
/** Incidents that end with the first poll of their trigger that does not fail. */
export const KINDS_OF_POLLS = [
  'trigger-failing',
  'trigger-disabled',
  'trigger-late',
] as const satisfies readonly AlertKind[]
/** Incidents that end with the next firing of their trigger. */
export const KINDS_OF_FIRINGS = ['trigger-silent'] as const satisfies readonly AlertKind[]

const isOneOf = (kinds: readonly AlertKind[], column = 'kind'): string =>
  `${column} IN (${kinds.map((kind) => `'${kind}'`).join(', ')})`

/**
 * SQL of a truth value: an incident of these kinds is open. `isSubject`: condition on the column `subject`. Searches
 * the index only for the subject, which takes 0.4 µs on SQLite. A search for the kinds as well takes 3 µs.
 */
const hasOpenIncident = (isSubject: string, kinds: readonly AlertKind[]): string =>
  `EXISTS (SELECT 1 FROM incidents WHERE ended_at IS NULL AND ${isSubject} AND ${isOneOf(kinds, "(kind || '')")})`

export const HAS_INCIDENT_OF_WORKFLOW = hasOpenIncident('subject = workflow', KINDS_OF_EXECUTIONS)

/** Kinds that a poll or a firing of a trigger ends. */
export const KINDS_OF_TRIGGERS = [...KINDS_OF_POLLS, ...KINDS_OF_FIRINGS]

export const HAS_INCIDENT_OF_TRIGGER = hasOpenIncident('subject = triggers.name', KINDS_OF_TRIGGERS)

export const HAS_INCIDENT_OF_CRON = hasOpenIncident('subject IN (crons.trigger_name, crons.id)', KINDS_OF_TRIGGERS)

export const LIST_OPEN_OF_POLLS = `
SELECT kind, subject, last_at AS "lastAt" FROM incidents WHERE ended_at IS NULL AND ${isOneOf(KINDS_OF_POLLS)}`

/** Ends the incidents of a removed trigger or schedule with their last failure. Value: its name or id. */
export const END_INCIDENTS_OF_REMOVED = `
UPDATE incidents SET ended_at = last_at
WHERE ended_at IS NULL AND subject = $1 AND ${isOneOf(KINDS_OF_TRIGGERS)}`

export const INSERT_INCIDENT = `
INSERT INTO incidents
  (id, kind, subject, opened_at, last_at, count, ended_at, last_message_at, is_silent, sends_recovery, targets, facts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

export const UPDATE_INCIDENT = `
UPDATE incidents
SET last_at = $2, count = $3, ended_at = $4, last_message_at = $5, is_silent = $6, sends_recovery = $7, targets = $8,
    facts = $9
WHERE id = $1`

const listIncidentsSql = (condition: string): string => `
SELECT ${withNames('id, kind, subject, opened_at, last_at, count, ended_at')} FROM incidents
WHERE (last_at, seq) < ($1, $2) ${condition} ORDER BY last_at DESC, seq DESC LIMIT $3 OFFSET $4`

export const LIST_INCIDENTS = listIncidentsSql('')

/** By the index of open incidents, which are few. */
export const LIST_OPEN_INCIDENTS = listIncidentsSql('AND seq IN (SELECT seq FROM incidents WHERE ended_at IS NULL)')

const REPORTED = `${withNames('id, kind, subject, opened_at, last_at, count, ended_at, facts')}`

/** Reads the index of open incidents, and sorts them. A kind and subject has one. Value: the limit. */
export const LIST_OPEN = `
SELECT ${REPORTED} FROM incidents WHERE ended_at IS NULL ORDER BY +last_at DESC, +seq DESC LIMIT $1`

/** Adds no message whose id is in the table: a message that was sent before may be stored twice. */
export const INSERT_ALERT = `
INSERT INTO alerts
  (id, kind, state, subject, message, raised_at, count, since, workflow, trigger_name, task, error_type, cause,
   execution_id, incident_seq)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, (SELECT seq FROM incidents WHERE id = $15))
ON CONFLICT DO NOTHING`

const ALERT_COLUMNS = withNames(`
  id, kind, state, subject, message, raised_at AS at, since, workflow, trigger_name AS "trigger", task, error_type,
  cause, execution_id, count`)

export const LIST_ALERTS = `
SELECT seq, ${ALERT_COLUMNS} FROM alerts WHERE seq < $1 ORDER BY seq DESC LIMIT $2 OFFSET $3`

/** Values: the message, then the columns. */
export const INSERT_DELIVERY = `
INSERT INTO alert_deliveries
  (alert_seq, incident_seq, receiver, sends_to, outcome, attempts, response, error, ended_at, due_at)
SELECT seq, incident_seq, $2, $3, $4, $5, $6, $7, $8, $9 FROM alerts WHERE id = $1
ON CONFLICT DO NOTHING`

/** A message that was received is not sent again, whatever a former attempt reports. */
export const SETTLE_DELIVERY = `
UPDATE alert_deliveries
SET outcome = $4, attempts = $5, response = $6, error = $7, ended_at = $8, due_at = $9
WHERE alert_seq = (SELECT seq FROM alerts WHERE id = $1) AND receiver = $2 AND sends_to = $3
  AND (outcome = 'pending' OR CAST($4 AS text) = 'delivered')`

const GIVEN_UP = `
SET outcome = 'failed', ended_at = $1,
    error = 'not delivered within 24 h: ' || coalesce(error, 'no attempt ended')`

/** Values: the time, the message, the receiver, its kind. */
export const GIVE_UP_DELIVERY = `
UPDATE alert_deliveries ${GIVEN_UP}
WHERE alert_seq = $2 AND receiver = $3 AND sends_to = $4 AND outcome = 'pending'`

/** `lock`: SQL that lets one transaction at a time change incidents, or null if a step is the only writer. */
export function incidentSql({ forRows, isAmong, isIn, lock, skipLocked }: Fragments, lockAll: string | null) {
  /** Values: the time, the time after which a delivery is due because a clock was set back, list of targets. */
  const isDue = `
    outcome = 'pending' AND (due_at <= $1 OR due_at > $2) AND ${isIn("(sends_to || ' ' || receiver)", '$3', 'text')}
    AND NOT EXISTS (
      SELECT 1 FROM alert_deliveries earlier
      WHERE earlier.outcome = 'pending' AND earlier.incident_seq = d.incident_seq AND earlier.receiver = d.receiver
        AND earlier.sends_to = d.sends_to AND earlier.alert_seq < d.alert_seq)`
  return {
    lock: lockAll,
    /** The newest incident of a kind and subject: an open one is the newest. Rows: kind, subject. */
    findNewest: forRows(
      'of_kind text, of_subject text',
      ([kind = '', subject = '']) => `
SELECT ${withNames('id, kind, subject, opened_at, last_at, count, ended_at')},
       ${withNames('last_message_at, is_silent, sends_recovery, targets, facts')}
FROM incidents WHERE kind = ${kind} AND subject = ${subject} ORDER BY seq DESC LIMIT 1 ${lock('incidents')}`,
    ),
    /** Ended incidents since a time. Values: the time, the list of kinds, the limit. */
    listEndedOf: `
SELECT ${REPORTED} FROM incidents
WHERE last_at >= $1 AND ended_at IS NOT NULL AND ${isIn("(kind || '')", '$2', 'text')}
ORDER BY last_at DESC, seq DESC LIMIT $3`,
    /** Value: list of `seq`. */
    listAlerts: `SELECT seq, ${ALERT_COLUMNS} FROM alerts WHERE ${isIn('seq', '$1', 'bigint')} ORDER BY seq`,
    listDeliveries: `
SELECT alert_seq AS "alertSeq", ${withNames('receiver, sends_to AS "to", outcome, attempts, response, error, ended_at')}
FROM alert_deliveries WHERE ${isIn('alert_seq', '$1', 'bigint')} ORDER BY alert_seq, receiver, sends_to`,
    /** Fails deliveries that no engine took since a time, as those of a removed receiver. Values: now, that time. */
    giveUpDeliveries: `
UPDATE alert_deliveries ${GIVEN_UP}
WHERE ${isAmong('alert_deliveries', "outcome = 'pending' AND due_at <= $2")}`,
    /** Whether there is a delivery to take or to give up. Values: those of `isDue`, the time to give up. */
    hasDue: `
SELECT 1 FROM alert_deliveries WHERE outcome = 'pending' AND due_at <= $4
UNION ALL SELECT 1 FROM alert_deliveries d WHERE ${isDue} LIMIT 1`,
    /** Values: those of `isDue`, number of deliveries, the time at which they are due again. */
    takeDeliveries: `
WITH taken AS (
  SELECT alert_seq, receiver, sends_to FROM alert_deliveries d
  WHERE ${isDue}
  ORDER BY alert_seq LIMIT $4 ${skipLocked}
)
UPDATE alert_deliveries SET due_at = $5
FROM taken
WHERE alert_deliveries.alert_seq = taken.alert_seq AND alert_deliveries.receiver = taken.receiver
  AND alert_deliveries.sends_to = taken.sends_to
RETURNING alert_deliveries.alert_seq AS "alertSeq", alert_deliveries.receiver, alert_deliveries.sends_to AS "to",
          attempts`,
  }
}

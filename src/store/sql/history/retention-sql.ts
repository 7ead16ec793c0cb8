/** The SQL that removes old rows. */

import type { Fragments } from '../sql-fragments.ts'
import { NO_SKIPS } from '../trigger-sql.ts'

const oldest = (table: string, column: string): string => `
DELETE FROM ${table} WHERE seq IN (SELECT seq FROM ${table} WHERE ${column} < $1 ORDER BY ${column} LIMIT $2)`

/** Values: the time before which rows are old, the number of rows. */
export const PRUNE_ACTIONS = oldest('actions', 'created_at')

/** Values: as above. Active backfills and refires have no end. */
export const PRUNE_BATCHES = oldest('batches', 'ended_at')

/** Values: as above. Open approvals have no end. */
export const PRUNE_APPROVALS = oldest('approvals', 'ended_at')

/** Values: as above. */
export const PRUNE_SIGNALS = oldest('signals', 'sent_at')

export const PRUNE_SCHEDULE_TIMES = `
DELETE FROM schedule_times WHERE (cron_seq, scheduled_at) IN (
  SELECT cron_seq, scheduled_at FROM schedule_times WHERE written_at < $1 ORDER BY written_at LIMIT $2)
RETURNING cron_seq, scheduled_at`

export const SET_TIMES_KNOWN_FROM = `
UPDATE crons SET times_known_from = $1 WHERE seq = $2 AND (times_known_from IS NULL OR times_known_from < $1)`

/** Removes alerts with their deliveries, unless one is pending. */
export const PRUNE_ALERTS = `
DELETE FROM alerts WHERE seq IN (
  SELECT seq FROM alerts
  WHERE raised_at < $1
    AND NOT EXISTS (SELECT 1 FROM alert_deliveries WHERE alert_seq = alerts.seq AND outcome = 'pending')
  ORDER BY raised_at LIMIT $2)`

export const PRUNE_JUDGED_DEADLINES = `
DELETE FROM judged_deadlines WHERE key IN (
  SELECT key FROM judged_deadlines WHERE judged_at < $1 ORDER BY judged_at LIMIT $2)`

export const PRUNE_EXECUTION_KEYS = `
DELETE FROM execution_keys WHERE (workflow, key) IN (
  SELECT workflow, key FROM execution_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2)`

/** The repeated condition selects the partitions. */
export const PRUNE_CRON_FIRINGS_WITHOUT_RUN = `
DELETE FROM cron_firings WHERE claimed_at < $1 AND (claimed_at, seq) IN (
  SELECT claimed_at, seq FROM cron_firings WHERE execution_id IS NULL AND claimed_at < $1 ORDER BY claimed_at LIMIT $2)`

/** Condition. The creation precedes the end, and its index does not read executions with other statuses. */
const OLD_IN_STATUS = 'status = $2 AND created_at < $1 AND ended_at < $1'

/** Values: the time before which executions are old, and the status if only those with one status are counted. */
export const countOldExecutions = (ofStatus: boolean): string =>
  `SELECT count(*) AS old FROM executions WHERE ${ofStatus ? OLD_IN_STATUS : 'ended_at < $1'}`

/** `tablesOfExecution`: the tables with an `execution_seq`. Several engines may remove rows at the same time. */
export function retentionSql({ isAmong, isEach, isIn, skipLocked }: Fragments, tablesOfExecution: readonly string[]) {
  return {
    pruneTicks: (table: string, outcomes: readonly string[]): string => {
      const listed = outcomes.map((outcome) => `'${outcome}'`).join(', ')
      return `DELETE FROM ${table} WHERE ${isAmong(table, `outcome IN (${listed}) AND last_at < $1 LIMIT $2`)}`
    },
    pruneIncidents: `
DELETE FROM incidents
WHERE seq IN (SELECT seq FROM incidents WHERE ended_at < $1 ORDER BY ended_at LIMIT $2 ${skipLocked})`,
    pruneOpenSkips: `
UPDATE triggers SET ${NO_SKIPS}
WHERE seq IN (SELECT seq FROM triggers WHERE skip_count > 0 AND skip_last_at < $1 LIMIT $2 ${skipLocked})`,

    /** Values: as for `countOldExecutions`, the number of rows. */
    oldExecutions: (table: string, ofStatus: boolean): string => `
SELECT seq, id, firing_id FROM ${table}
WHERE ${ofStatus ? OLD_IN_STATUS : 'ended_at < $1'} ORDER BY ${ofStatus ? 'created_at LIMIT $3' : 'ended_at LIMIT $2'}
${skipLocked}`,
    /** Values: the executions, the number of rows. */
    deleteLogPieces: `
DELETE FROM attempt_logs WHERE (execution_seq, piece) IN (
  SELECT execution_seq, piece FROM attempt_logs WHERE ${isIn('execution_seq', '$1', 'bigint')} LIMIT $2)`,
    deleteExecutions: [['executions', 'seq'], ...tablesOfExecution.map((table) => [table, 'execution_seq'])].map(
      ([table = '', column = '']) => `DELETE FROM ${table} WHERE ${isEach(column, '$1', 'bigint')}`,
    ),

    oldFiringsWithoutRun: `
SELECT id, fired_at FROM firings
WHERE execution_id IS NULL AND completed_at < $1 ORDER BY completed_at LIMIT $2 ${skipLocked}`,
    /** Not RETURNING of the deletion: on SQLite, a step with 300 of these deletions takes 6.5 ms instead of 5.0 ms. */
    firings: `SELECT id, fired_at FROM firings WHERE ${isEach('id', '$1', 'text')}`,
    deleteFirings: `DELETE FROM firings WHERE ${isEach('id', '$1', 'text')}`,
    deleteCronFirings: `DELETE FROM cron_firings WHERE ${isEach('id', '$1', 'text')}`,
    /** For `each`: the time and the firing of a tick. The time is in an index. */
    deleteFiredTicks: `
DELETE FROM ticks
WHERE outcome = 'fired' AND ${isEach('last_at', '$1', 'bigint')} AND ${isEach('firing_id', '$2', 'text')}`,
  }
}

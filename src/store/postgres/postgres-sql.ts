/** The statements of PostgreSQL. */

import { deleteScheduleTimes } from '../sql/batch-sql.ts'
import { dialectSql, type OwnSql } from '../sql/dialect-sql.ts'
import { ACTIVE_COLUMNS, ALL_EXECUTIONS, TASK_COLUMNS } from '../sql/executions/columns.ts'
import { ACTIVE_FIRING_COLUMNS, FIRING_COLUMNS } from '../sql/firing-sql.ts'
import {
  MAX_COUNTED_EXECUTIONS,
  MAX_TREND_EXECUTIONS,
  type OwnHistorySql,
  type Part,
} from '../sql/history/execution-history-sql.ts'
import { WHERE_CRON, WHERE_TRIGGER } from '../sql/instance-sql.ts'
import { FAMILIES } from './schema/table-families.ts'
import { EXECUTIONS } from './sql/postgres-execution-sql.ts'
import { FRAGMENTS, numberedRows } from './sql/postgres-sql-fragments.ts'

const TABLES_OF_EXECUTION = [
  ...FAMILIES.flatMap(({ tables }) => tables.flatMap(({ key, name }) => (key === 'execution_seq' ? name : []))),
  'approvals',
]

const PARTS: readonly Part[] = [{ table: 'executions' }, { table: 'active_executions' }]

const HISTORY: OwnHistorySql = {
  listTasks: `
SELECT ${TASK_COLUMNS}, octet_length(o.context) AS "outputBytes"
FROM task_runs t LEFT JOIN task_outputs o ON o.execution_seq = $1 AND o.task_id = t.task_id
WHERE t.execution_seq = $1 ORDER BY t.position`,
  getOutput: 'SELECT context FROM task_outputs WHERE execution_seq = $1 AND task_id = $2',
  failed: 'executions',
  inOrder: ALL_EXECUTIONS,
  parts: PARTS,
  partsInOrder: PARTS,
  partsOfOne: PARTS,
  maxOfOne: { counted: MAX_COUNTED_EXECUTIONS, trend: MAX_TREND_EXECUTIONS },
  countsNewest: false,
}

/** The numbers come from the default of the column, in the order of the rows. */
const INSERT_FIRINGS: OwnSql['insertFirings'] = {
  insertActiveFirings: `
INSERT INTO active_firings (id, trigger_seq, context_hash, execution_id, fired_at)
SELECT id, trigger_seq, context_hash, execution_id, fired_at
FROM ${FRAGMENTS.rows(ACTIVE_FIRING_COLUMNS)} ORDER BY position`,
  insertFirings: `
INSERT INTO firings (id, trigger_seq, context_hash, fired_at, completed_at)
SELECT id, trigger_seq, context_hash, fired_at, fired_at FROM ${FRAGMENTS.rows(FIRING_COLUMNS)} ORDER BY position`,
}

const DELETE_HISTORY: OwnSql['deleteHistory'] = [
  `DELETE FROM ticks t USING (SELECT outcome, last_at, seq FROM ticks WHERE ${WHERE_TRIGGER} LIMIT $2) g
   WHERE ${WHERE_TRIGGER} AND t.outcome = g.outcome AND t.last_at = g.last_at AND t.seq = g.seq`,
  `DELETE FROM firings f USING (SELECT fired_at, seq FROM firings WHERE ${WHERE_TRIGGER} LIMIT $2) g
   WHERE ${WHERE_TRIGGER} AND f.fired_at = g.fired_at AND f.seq = g.seq`,
  `DELETE FROM active_firings WHERE id IN (SELECT id FROM active_firings WHERE ${WHERE_TRIGGER} LIMIT $2)`,
  `DELETE FROM firing_keys k USING (SELECT key FROM firing_keys WHERE ${WHERE_TRIGGER} LIMIT $2) g
   WHERE ${WHERE_TRIGGER} AND k.key = g.key`,
  `DELETE FROM cron_firings c USING (SELECT claimed_at, seq FROM cron_firings WHERE ${WHERE_CRON} LIMIT $2) g
   WHERE ${WHERE_CRON} AND c.claimed_at = g.claimed_at AND c.seq = g.seq`,
  deleteScheduleTimes(WHERE_CRON),
]

/** Locks the graphs in the order of their names, so that two deliveries never wait for each other. */
const PASS_TO_GRAPH = `
WITH passed AS (
  SELECT graphs.seq, after, n
  FROM ${numberedRows('name text, reactor text, before bigint, after bigint')}
  JOIN graphs USING (name, reactor)
  WHERE graphs.done_sequence = before
  ORDER BY graphs.name FOR NO KEY UPDATE OF graphs
)
UPDATE graphs SET done_sequence = passed.after FROM passed WHERE graphs.seq = passed.seq RETURNING passed.n`

/** Conflicts only with itself and with work on the whole table. A lock of the database could be taken by any tenant. */
const LOCK_INCIDENTS = 'LOCK TABLE incidents IN SHARE UPDATE EXCLUSIVE MODE'

/** Rows of a table, because any tenant could take an advisory lock. */
const LOCK_SIGNALS: OwnSql['lockSignals'] = [
  `INSERT INTO signal_locks (number) SELECT number FROM ${FRAGMENTS.rows('number bigint')}
   ORDER BY number ON CONFLICT DO NOTHING`,
  `SELECT number FROM signal_locks WHERE number = ANY ($1::bigint[]) ORDER BY number FOR UPDATE`,
]

const LOCK_KEYS: OwnSql['lockKeys'] = [
  `INSERT INTO limit_values (limit_name, value)
   SELECT limit_name, value FROM ${FRAGMENTS.rows('limit_name text, value text')}
   ORDER BY limit_name, value ON CONFLICT DO NOTHING`,
  `SELECT limit_name, value FROM limit_values
   WHERE (limit_name, value) IN (SELECT limit_name, value FROM ${FRAGMENTS.rows('limit_name text, value text')})
   ORDER BY limit_name, value FOR UPDATE`,
]

export const SQL = dialectSql(FRAGMENTS, {
  executions: EXECUTIONS,
  history: HISTORY,
  activeInOrder: `(SELECT ${ACTIVE_COLUMNS} FROM active_executions)`,
  insertFirings: INSERT_FIRINGS,
  deleteHistory: DELETE_HISTORY,
  passToGraph: PASS_TO_GRAPH,
  lockIncidents: LOCK_INCIDENTS,
  lockSignals: LOCK_SIGNALS,
  lockKeys: LOCK_KEYS,
  tablesOfExecution: TABLES_OF_EXECUTION,
})

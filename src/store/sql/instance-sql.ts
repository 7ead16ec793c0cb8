/** The SQL of engines: their registration, the code that they announce, and the release of their executions. */

import { DECLARED_AGAIN_AFTER_MS } from '../../model/trigger.ts'
import type { Fragments } from './sql-fragments.ts'

export const FIND_INSTANCE = 'SELECT seq FROM instances WHERE id = $1'

/** Precedes each takeover of a lease or an execution. */
export const DECLARE_DEAD = 'UPDATE instances SET is_declared_dead = true WHERE seq = $1'

/** Declares an engine dead whose loss was not reported before. */
export const REPORT_LOSS = `
UPDATE instances SET is_declared_dead = true, is_loss_reported = true WHERE seq = $1 AND NOT is_loss_reported
RETURNING id, host, pid, heartbeat_at AS "heartbeatAt"`

export const DELETE_INSTANCE_WITHOUT_EXECUTIONS = `
DELETE FROM instances
WHERE seq = $1 AND NOT EXISTS (SELECT 1 FROM active_executions WHERE owner_seq = instances.seq)`

/** Must precede `READY_RUNNING_TASKS`. */
export const INSERT_LOST_ATTEMPTS = `
INSERT INTO attempts (execution_seq, task_id, attempt, outcome, started_at, ended_at, error)
SELECT execution_seq, task_id, attempts, 'lost', started_at, $1, $2
FROM task_runs WHERE execution_seq = $3 AND status = 'Running'
ON CONFLICT DO NOTHING`

export const READY_RUNNING_TASKS = `
UPDATE task_runs SET status = 'Ready', recoveries = recoveries + $1 WHERE execution_seq = $2 AND status = 'Running'`

export const RELEASE_EXECUTIONS =
  'UPDATE active_executions SET owner_seq = NULL WHERE owner_seq = $1 RETURNING execution_seq AS seq'

/** Returns the numbers of `triggers` and `executions` that each engine holds. */
export const LIST_HOLDINGS = `
SELECT seq, (SELECT count(*) FROM triggers WHERE lease_seq = instances.seq) AS triggers,
       (SELECT count(*) FROM active_executions WHERE owner_seq = instances.seq) AS executions
FROM instances`

/** Rows of a trigger, whose name is `$1`, and of its schedule. */
export const WHERE_TRIGGER = 'trigger_seq = (SELECT seq FROM triggers WHERE name = $1)'
export const WHERE_CRON = 'cron_seq = (SELECT seq FROM crons WHERE trigger_name = $1)'

/** Returns a condition: living engines declare a name in a column of theirs. Value: list of dead engines. */
export function declaredNameCondition({ elements, isIn }: Fragments, column: string): (name: string) => string {
  const declared = `
  SELECT element.value FROM instances CROSS JOIN ${elements(`instances.${column}`)}
  WHERE NOT ${isIn('instances.seq', '$1', 'bigint')}`
  return (name) => `${name} IN (${declared})`
}

/**
 * Returns the SQL that marks exactly the rows that no living engine declares. Values: dead engines, time. `also`: SQL
 * that changes other columns of these rows.
 */
export function markUndeclared(table: string, isDeclared: string, also = ''): string {
  return `
UPDATE ${table} SET undeclared_at = CASE WHEN undeclared_at IS NULL THEN CAST($2 AS bigint) END${also}
WHERE (undeclared_at IS NULL) <> (${isDeclared})`
}

/** The expected firing of a trigger counts from this change. */
const CHANGED_IF_DECLARED_AGAIN = `,
  updated_at = CASE WHEN CAST($2 AS bigint) - undeclared_at >= ${DECLARED_AGAIN_AFTER_MS} THEN CAST($2 AS bigint)
               ELSE updated_at END`

export function instanceCodeSql(fragments: Fragments) {
  const isDeclared = declaredNameCondition(fragments, 'declared')
  return {
    markUndeclared: [
      markUndeclared('triggers', isDeclared("'poll ' || name"), CHANGED_IF_DECLARED_AGAIN),
      `${markUndeclared('crons', isDeclared("'cron ' || trigger_name"), CHANGED_IF_DECLARED_AGAIN)}
  AND trigger_name IS NOT NULL`,
    ],
    /** Returns `seq` of each engine that declares one of two names. */
    listDeclarers: `
SELECT DISTINCT instances.seq FROM instances CROSS JOIN ${fragments.elements('instances.declared')}
WHERE element.value IN ($1, $2)`,
  }
}

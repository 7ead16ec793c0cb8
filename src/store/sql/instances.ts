/** The SQL of engines: their registration, and the release of their leases and executions. */

export const FIND_INSTANCE = 'SELECT seq FROM instances WHERE id = $1'

/** Precedes each takeover of a lease or an execution. */
export const DECLARE_DEAD = 'UPDATE instances SET is_declared_dead = true WHERE seq = $1'

/** Keeps the row of a dead engine as long as it is the owner of an execution. */
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

/** Returns `seq` of each execution of an engine. */
export const RELEASE_EXECUTIONS =
  'UPDATE active_executions SET owner_seq = NULL WHERE owner_seq = $1 RETURNING execution_seq AS seq'

/** Returns the numbers of `triggers` and `executions` that each engine holds. */
export const LIST_HOLDINGS = `
SELECT seq, (SELECT count(*) FROM triggers WHERE lease_seq = instances.seq) AS triggers,
       (SELECT count(*) FROM active_executions WHERE owner_seq = instances.seq) AS executions
FROM instances`

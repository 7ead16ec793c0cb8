/** The SQL of instances and of what they hold. Each text is one statement, named after what the store wants done. */

export const FIND_INSTANCE = 'SELECT seq FROM instances WHERE id = ?'

export const LIST_INSTANCES = 'SELECT seq, id, host, pid, process_started_at, heartbeat_at, beats FROM instances'

export const LIST_INSTANCES_WITH_HOLDINGS = `
SELECT seq, id, host, pid, process_started_at, opened_at, heartbeat_at, beats,
       (SELECT count(*) FROM triggers WHERE lease_seq = instances.seq) AS triggers,
       (SELECT count(*) FROM executions WHERE owner_seq = instances.seq) AS executions
FROM instances ORDER BY seq`

export const TOUCH_INSTANCE = 'UPDATE instances SET heartbeat_at = ?, beats = beats + 1 WHERE id = ?'

export const INSERT_INSTANCE = `
INSERT INTO instances (id, host, pid, process_started_at, opened_at, heartbeat_at) VALUES (?, ?, ?, ?, ?, ?)`

export const DELETE_INSTANCE = 'DELETE FROM instances WHERE seq = ?'

/** Keeps the row of a dead instance as long as it says who owned an execution. */
export const DELETE_INSTANCE_WITHOUT_EXECUTIONS = `
DELETE FROM instances
WHERE seq = ? AND NOT EXISTS (SELECT 1 FROM executions WHERE owner_seq = instances.seq)`

export const RELEASE_LEASES = 'UPDATE triggers SET lease_seq = NULL WHERE lease_seq = ?'

export const RELEASE_EXECUTIONS = 'UPDATE executions SET owner_seq = NULL WHERE owner_seq = ?'

export const READY_RUNNING_TASKS_OF_OWNER = `
UPDATE task_runs SET status = 'Ready'
WHERE status = 'Running' AND execution_seq IN (SELECT seq FROM executions WHERE owner_seq = ?)`

/** The SQL of instances and of what they hold. Each text is one statement, named after what the store wants done. */

export const FIND_INSTANCE = 'SELECT seq FROM instances WHERE id = ?'

export const LIST_INSTANCES =
  'SELECT seq, id, host, pid, process_started_at, heartbeat_at, beats, is_declared_dead FROM instances'

export const LIST_INSTANCES_WITH_HOLDINGS = `
SELECT seq, id, host, pid, process_started_at, opened_at, heartbeat_at, beats, is_declared_dead,
       (SELECT count(*) FROM triggers WHERE lease_seq = instances.seq) AS triggers,
       (SELECT count(*) FROM active_executions WHERE owner_seq = instances.seq) AS executions
FROM instances ORDER BY seq`

export const TOUCH_INSTANCE = `
UPDATE instances SET heartbeat_at = ?, beats = beats + 1 WHERE id = ? AND is_declared_dead = 0`

export const INSERT_INSTANCE = `
INSERT INTO instances (id, host, pid, process_started_at, opened_at, heartbeat_at) VALUES (?, ?, ?, ?, ?, ?)`

/** Values: JSON of the names of triggers behind their kind, whether it polls, and the instance. */
export const ANNOUNCE_TRIGGERS = 'UPDATE instances SET declared = ?, is_polling = ? WHERE seq = ?'

export const FORGET_WORKFLOWS = 'DELETE FROM instance_workflows WHERE instance_seq = ?'

/** Values: the instance, JSON of pairs of names and versions. */
export const ANNOUNCE_WORKFLOWS = `
INSERT OR REPLACE INTO instance_workflows (instance_seq, workflow, version)
SELECT ?, value ->> 0, value ->> 1 FROM json_each(?)`

export const LIST_OTHER_WORKERS = `
SELECT seq FROM instances WHERE id <> ? AND EXISTS (SELECT 1 FROM instance_workflows WHERE instance_seq = seq)`

/** What others poll. */
export const LIST_ANNOUNCED_TRIGGERS = `
SELECT seq AS instance_seq, substr(value, 6) AS name FROM instances, json_each(declared)
WHERE is_polling AND value GLOB 'poll *' AND seq <> ?`

/** Versions that this instance has not, and others have. */
export const LIST_OTHER_VERSIONS = `
SELECT instance_seq, workflow, version FROM instance_workflows other
WHERE instance_seq <> ? AND NOT EXISTS (
  SELECT 1 FROM instance_workflows own
  WHERE own.instance_seq = ? AND own.workflow = other.workflow AND own.version = other.version)`

/** Something of it was taken over. */
export const DECLARE_DEAD = 'UPDATE instances SET is_declared_dead = 1 WHERE seq = ?'

export const DELETE_INSTANCE = 'DELETE FROM instances WHERE seq = ?'

/** Keeps the row of a dead instance as long as it says who owned an execution. */
export const DELETE_INSTANCE_WITHOUT_EXECUTIONS = `
DELETE FROM instances
WHERE seq = ? AND NOT EXISTS (SELECT 1 FROM active_executions WHERE owner_seq = instances.seq)`

export const RELEASE_LEASES = 'UPDATE triggers SET lease_seq = NULL WHERE lease_seq = ?'

export const RELEASE_EXECUTIONS = 'UPDATE active_executions SET owner_seq = NULL WHERE owner_seq = ?'

export const LIST_OWNED = 'SELECT execution_seq AS seq FROM active_executions WHERE owner_seq = ?'

export const READY_RUNNING_TASKS_OF_OWNER = `
UPDATE task_runs SET status = 'Ready'
WHERE status = 'Running' AND execution_seq IN (SELECT execution_seq FROM active_executions WHERE owner_seq = ?)`

/** The SQL of engines for steps that are written for SQLite only. */

/** Announced triggers of the engines other than this one. */
export const LIST_ANNOUNCED_TRIGGERS = `
SELECT seq AS instance_seq, substr(value, 6) AS name FROM instances, json_each(declared)
WHERE is_polling AND value GLOB 'poll *' AND seq <> ?`

/** Versions that other engines have and this one does not. */
export const LIST_OTHER_VERSIONS = `
SELECT instance_seq, workflow, version FROM instance_workflows other
WHERE instance_seq <> ? AND NOT EXISTS (
  SELECT 1 FROM instance_workflows own
  WHERE own.instance_seq = ? AND own.workflow = other.workflow AND own.version = other.version)`

/** Precedes each takeover of a lease or an execution. */
export const DECLARE_DEAD = 'UPDATE instances SET is_declared_dead = 1 WHERE seq = ?'

/** Keeps the row of a dead engine as long as it is the owner of an execution. */
export const DELETE_INSTANCE_WITHOUT_EXECUTIONS = `
DELETE FROM instances
WHERE seq = ? AND NOT EXISTS (SELECT 1 FROM active_executions WHERE owner_seq = instances.seq)`

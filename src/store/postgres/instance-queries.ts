/** The SQL of instances and of what they hold. Each text is one statement, named after what the store wants done. */

/** The server's clock, in epoch milliseconds, unless value `n` says what to take for it. */
export const SERVER_NOW = (n: number) =>
  `coalesce($${n}::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)`

export const FIND_INSTANCE = 'SELECT seq FROM instances WHERE id = $1'

/** Values: id, the instance's own instant, the server's, how long it is believed. */
export const BEAT = `
UPDATE instances
SET heartbeat_at = $2, expires_at = now.at + $4,
    alive_since = CASE WHEN expires_at <= now.at THEN now.at ELSE alive_since END
FROM (SELECT ${SERVER_NOW(3)} AS at) now
WHERE id = $1 AND NOT is_declared_dead`

export const INSERT_INSTANCE = `
INSERT INTO instances (id, host, pid, process_started_at, opened_at, heartbeat_at, expires_at, alive_since)
SELECT $1, $2, $3, $4::bigint, $5, $5, now.at + $7, now.at FROM (SELECT ${SERVER_NOW(6)} AS at) now`

/** `is_silent`: the one that asks has listened without a gap for long enough, and has not heard it. */
export const LIST_OTHERS = `
SELECT other.seq, other.host, other.pid, other.process_started_at,
       other.is_declared_dead OR coalesce(other.expires_at <= now.at AND asking.expires_at > now.at AND now.at - asking.alive_since >= $3, false) AS is_silent
FROM (SELECT ${SERVER_NOW(2)} AS at) now, instances other LEFT JOIN instances asking ON asking.id = $1
WHERE other.id <> $1`

export const COUNT_OTHER_WORKERS = `
SELECT count(*) AS count FROM instances
WHERE id <> $1 AND NOT is_declared_dead AND expires_at > ${SERVER_NOW(2)} AND EXISTS (SELECT 1 FROM instance_workflows WHERE instance_seq = seq)`

export const LIST_INSTANCES = `
SELECT seq, id, host, pid, process_started_at, opened_at, heartbeat_at, is_declared_dead OR expires_at <= now.at AS is_silent,
       (SELECT count(*) FROM triggers WHERE lease_seq = instances.seq) AS triggers,
       (SELECT count(*) FROM active_executions WHERE owner_seq = instances.seq) AS executions
FROM instances, (SELECT ${SERVER_NOW(1)} AS at) now ORDER BY seq`

/** Values: the `seq`, the names of triggers behind their kind, and whether it polls; then lists of the workflows and of their versions. */
export const ANNOUNCE = [
  'UPDATE instances SET declared = $2::text[], is_polling = $3 WHERE seq = $1',
  'DELETE FROM instance_workflows WHERE instance_seq = $1 AND workflow <> ALL ($2::text[])',
  `INSERT INTO instance_workflows (instance_seq, workflow, version) SELECT $1::bigint, * FROM unnest($2::text[], $3::text[])
   ON CONFLICT (instance_seq, workflow) DO UPDATE SET version = excluded.version`,
] as const

/** What others poll that live. */
export const LIST_ANNOUNCED_TRIGGERS = `
SELECT seq AS instance_seq, substr(name, 6) AS name FROM instances CROSS JOIN unnest(declared) AS name
WHERE is_polling AND starts_with(name, 'poll ') AND seq <> $1 AND seq <> ALL ($2::bigint[])`

/** Something of them was taken over. */
export const DECLARE_DEAD = 'UPDATE instances SET is_declared_dead = true WHERE seq = ANY ($1::bigint[])'

export const DELETE_INSTANCE = 'DELETE FROM instances WHERE seq = $1'

/** Keeps the row of a dead instance as long as it says who owned an execution. */
export const DELETE_INSTANCES_WITHOUT_EXECUTIONS = `
DELETE FROM instances
WHERE seq = ANY ($1::bigint[]) AND NOT EXISTS (SELECT 1 FROM active_executions WHERE owner_seq = instances.seq)`

export const RELEASE_LEASES = 'UPDATE triggers SET lease_seq = NULL WHERE lease_seq = $1'

export const RELEASE_EXECUTIONS = 'UPDATE active_executions SET owner_seq = NULL WHERE owner_seq = $1'

export const LIST_OWNED = 'SELECT execution_seq AS seq FROM active_executions WHERE owner_seq = $1 FOR UPDATE'

export const READY_RUNNING_TASKS_OF_OWNER = `
UPDATE task_runs SET status = 'Ready'
WHERE status = 'Running' AND execution_seq IN (SELECT execution_seq FROM active_executions WHERE owner_seq = $1)`

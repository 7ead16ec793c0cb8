/** The SQL of engines for steps that are written for PostgreSQL only. */

/** The server's clock in epoch milliseconds, unless value `n` replaces it. */
export const SERVER_NOW = (n: number) =>
  `coalesce($${n}::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)`

/** Announced triggers of the living engines other than this one. */
export const LIST_ANNOUNCED_TRIGGERS = `
SELECT seq AS instance_seq, substr(name, 6) AS name FROM instances CROSS JOIN unnest(declared) AS name
WHERE is_polling AND starts_with(name, 'poll ') AND seq <> $1 AND seq <> ALL ($2::bigint[])`

/** Precedes each takeover of a lease or an execution. */
export const DECLARE_DEAD = 'UPDATE instances SET is_declared_dead = true WHERE seq = ANY ($1::bigint[])'

/** Keeps the row of a dead engine as long as it is the owner of an execution. */
export const DELETE_INSTANCES_WITHOUT_EXECUTIONS = `
DELETE FROM instances
WHERE seq = ANY ($1::bigint[]) AND NOT EXISTS (SELECT 1 FROM active_executions WHERE owner_seq = instances.seq)`

/** Columns of executions, which are in one table while they are active and in another one after their end. */

import { withNames } from '../named.ts'

/** Columns of task runs `t`, without outputs. */
export const TASK_COLUMNS = withNames(`
  t.task_id, full_name, status, attempts, recoveries, tries_later, not_before_at, started_at, ended_at,
  finished_order, error`)

const SHARED_COLUMNS = `
  id, workflow, version, status, origin, origin_source, schedule_id, firing_id, created_at, started_at, retry_of,
  cancel_requested_at, priority`

export const ENDED_COLUMNS = `
  seq, ${SHARED_COLUMNS}, ended_at, final_task_id, error_message, cause, CAST(NULL AS bigint) AS paused_at`

/**
 * With the names of the columns of ended executions. Without the types, SQLite would store the union of both in a
 * temporary table.
 */
export const ACTIVE_COLUMNS = `
  execution_seq AS seq, ${SHARED_COLUMNS}, CAST(NULL AS bigint) AS ended_at, CAST(NULL AS text) AS final_task_id,
  CAST(NULL AS text) AS error_message, CAST(NULL AS text) AS cause, paused_at`

export const OWNED_COLUMNS = `
  ${ACTIVE_COLUMNS}, owner_seq, owner_number, request_number, request, rank, queued_at, limit_value, waits_for`

/** Active and ended executions. Each part uses its index on the id. */
export const ALL_EXECUTIONS = `(
  SELECT ${ENDED_COLUMNS} FROM executions UNION ALL SELECT ${ACTIVE_COLUMNS} FROM active_executions)`

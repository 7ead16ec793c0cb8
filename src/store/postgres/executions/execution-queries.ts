/** The SQL of executions and their task runs. Each text is one statement, named after what the store wants done. */

import { STARTED_BY_TRIGGER } from '../../history-shapes.ts'
import { SERVER_NOW } from '../instance-queries.ts'
import { DAY_MS, firstSeq, newSeq } from '../schema/families.ts'

/** Those that have ended, and those that are under way: a row is in one of the two tables. */
export const ALL_EXECUTIONS = `(
  SELECT seq, id, workflow, version, status, origin, origin_source, schedule_id, firing_id, created_at, started_at, ended_at, final_task_id,
         error_message, retry_of, NULL::bigint AS paused_at, cancel_requested_at FROM executions
  UNION ALL
  SELECT execution_seq, id, workflow, version, status, origin, origin_source, schedule_id, firing_id, created_at, started_at, NULL::bigint,
         NULL::text, NULL::text, retry_of, paused_at, cancel_requested_at FROM active_executions
)`

/** Of one that is under way, as `a`; with the names of those that have ended. */
const ACTIVE_COLUMNS = `
a.execution_seq AS seq, a.id, a.workflow, a.version, a.status, a.origin, a.origin_source, a.schedule_id, a.firing_id, a.created_at, a.started_at,
NULL::bigint AS ended_at, NULL::text AS final_task_id, NULL::text AS error_message, a.retry_of, a.paused_at, a.cancel_requested_at`

/** Finds an execution with its owner's number and the request that waits. */
const OWNED_COLUMNS = `${ACTIVE_COLUMNS}, a.owner_seq, a.owner_number, a.request_number, a.request`

/** The one of an id. */
export const seqOf = (id: string): string => `
(SELECT execution_seq FROM active_executions WHERE id = ${id} UNION ALL SELECT seq FROM executions WHERE id = ${id} LIMIT 1)`

// -- creating: values are a list for each column

export const INSERT_EXECUTIONS = `
WITH given AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[], $10::text[])
    WITH ORDINALITY AS g (id, workflow, version, origin, origin_source, schedule_id, firing_id, created_at, retry_of, context, n)
), added AS (
  INSERT INTO active_executions (execution_seq, id, workflow, version, origin, origin_source, schedule_id, firing_id, created_at, retry_of)
  SELECT ${newSeq('created_at')}, id, workflow, version, origin, origin_source, schedule_id, firing_id, created_at, retry_of FROM given ORDER BY n
  RETURNING execution_seq, id
)
INSERT INTO execution_inputs (execution_seq, context) SELECT added.execution_seq, given.context FROM added JOIN given USING (id)`

export const INSERT_TASKS = `
INSERT INTO task_runs (execution_seq, position, task_id, full_name)
SELECT a.execution_seq, g.position, g.task_id, g.full_name
FROM unnest($1::text[], $2::int[], $3::text[], $4::text[]) AS g (execution_id, position, task_id, full_name)
JOIN active_executions a ON a.id = g.execution_id AND a.id = ANY ($1::text[])`

/** A task whose outcome is taken over from the execution that is tried again. */
export const INSERT_KEPT_TASK = `
INSERT INTO task_runs (execution_seq, position, task_id, full_name, status, attempts, started_at, ended_at, finished_order, error)
SELECT execution_seq, $2, $3, $4, $5, $6, $7::bigint, $8::bigint, $9::int, $10 FROM active_executions WHERE id = $1`

export const INSERT_KEPT_OUTPUT = `
INSERT INTO task_outputs (execution_seq, task_id, context) SELECT execution_seq, $2, $3 FROM active_executions WHERE id = $1`

// -- reading

export const GET_EXECUTION = `SELECT * FROM ${ALL_EXECUTIONS} e WHERE id = $1`

export const GET_EXECUTIONS = `SELECT * FROM ${ALL_EXECUTIONS} e WHERE id = ANY ($1::text[])`

export const GET_INPUT = 'SELECT context FROM execution_inputs WHERE execution_seq = $1'

export const GET_FINAL = 'SELECT context FROM execution_finals WHERE execution_seq = $1'

/** Said of both tables, so that only the parts of these are looked at, and by their index. */
export const LIST_TASKS = `
SELECT t.execution_seq, t.position AS seq, t.task_id, full_name, status, attempts, recoveries, not_before_at, started_at, ended_at,
       finished_order, error, o.context AS output
FROM task_runs t LEFT JOIN task_outputs o
  ON o.execution_seq = t.execution_seq AND o.task_id = t.task_id AND o.execution_seq = ANY ($1::bigint[])
WHERE t.execution_seq = ANY ($1::bigint[]) ORDER BY t.execution_seq, t.position`

export const LIST_FINALS =
  'SELECT execution_seq, context FROM execution_finals WHERE execution_seq = ANY ($1::bigint[])'

export const LIST_INPUTS =
  'SELECT execution_seq, context FROM execution_inputs WHERE execution_seq = ANY ($1::bigint[])'

export const LIST_NOT_UNDER_WAY = `
SELECT id FROM unnest($1::text[]) WITH ORDINALITY AS g (id, n)
WHERE NOT EXISTS (SELECT 1 FROM active_executions a WHERE a.id = g.id) ORDER BY n`

export const COUNT_EXECUTIONS = `
SELECT status, sum(count)::bigint AS count FROM (
  SELECT status, count(*) AS count FROM executions GROUP BY status
  UNION ALL SELECT status, count(*) FROM active_executions GROUP BY status
) counted GROUP BY status`

export const FIND_EXECUTION_IDS = `
SELECT id FROM ${ALL_EXECUTIONS} e WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3`

export const FIND_PLACE = `SELECT created_at, seq FROM ${ALL_EXECUTIONS} e WHERE id = $1`

export interface Listing {
  readonly workflow?: string
  readonly status?: string
  readonly trigger?: string
  readonly sinceAt?: number
  readonly untilAt?: number
  readonly retryOf?: string
  readonly before?: { readonly created_at: number; readonly seq: number }
}

const ACTIVE_STATUSES: ReadonlySet<string> = new Set(['Pending', 'Running', 'Paused'])

/** Where those of a status are, or all. */
export function tableOf(status: string | undefined): string {
  if (status === undefined) return ALL_EXECUTIONS
  return ACTIVE_STATUSES.has(status)
    ? `(SELECT ${ACTIVE_COLUMNS} FROM active_executions a)`
    : `(SELECT *, NULL::bigint AS paused_at FROM executions)`
}

/** Says nothing new, but which parts of the table are meant: the others are not looked at. */
const createdSince = (seq: string): string => `e.seq >= ${seq}`

/** The statement of a list, with its values. Those that are under way are found among themselves, however many have ended. */
export function executionListing(
  { workflow, status, trigger, sinceAt, untilAt, retryOf, before }: Listing,
  limit: number,
  offset: number,
): [string, (string | number)[]] {
  const values: (string | number)[] = []
  const value = (given: string | number) => `$${values.push(given)}`
  const conditions: string[] = []
  if (workflow !== undefined) conditions.push(`e.workflow = ${value(workflow)}`)
  if (trigger !== undefined) conditions.push(`e.${STARTED_BY_TRIGGER} AND e.origin_source = ${value(trigger)}`)
  if (status !== undefined) conditions.push(`e.status = ${value(status)}`)
  if (sinceAt !== undefined)
    conditions.push(`e.created_at >= ${value(sinceAt)}`, createdSince(value(firstSeq(sinceAt))))
  if (untilAt !== undefined) conditions.push(`e.created_at < ${value(untilAt)}`)
  if (retryOf !== undefined) conditions.push(`e.retry_of = ${value(retryOf)}`)
  if (before !== undefined) {
    conditions.push(`(e.created_at, e.seq) < (${value(before.created_at)}, ${value(before.seq)})`)
    conditions.push(`e.seq < ${value(firstSeq(before.created_at + DAY_MS))}`)
  }
  const from = tableOf(status)
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  const page = `ORDER BY e.created_at DESC, e.seq DESC LIMIT ${value(limit)} OFFSET ${value(offset)}`
  return [`SELECT * FROM ${from} e ${where} ${page}`, values]
}

// -- ownership

/** Versions that other living instances have, and this one has not: theirs alone. */
const OTHER_VERSIONS = `
SELECT workflow, version FROM instance_workflows JOIN instances ON instances.seq = instance_seq
WHERE instance_seq <> $4 AND expires_at > ${SERVER_NOW(6)}
EXCEPT SELECT workflow, version FROM instance_workflows WHERE instance_seq = $4`

const IS_OURS = '(workflow, version) NOT IN (SELECT workflow, version FROM other_versions)'

/** Of each workflow its oldest, so that a backlog of one that nobody has costs nothing. What another is taking is passed over. */
const OLDEST_UNOWNED = `
SELECT found.execution_seq, found.created_at, found.was_started, NULL::bigint AS former_seq
FROM unnest($1::text[]) AS wanted (workflow) CROSS JOIN LATERAL (
  SELECT execution_seq, created_at, started_at IS NOT NULL AS was_started FROM active_executions
  WHERE workflow = wanted.workflow AND owner_seq IS NULL AND created_at >= $7 AND ${IS_OURS}
  ORDER BY created_at, execution_seq LIMIT $2 FOR UPDATE SKIP LOCKED
) found`

const OLDEST_OF_DEAD = `
SELECT execution_seq, created_at, was_started, former_seq FROM (
  SELECT execution_seq, created_at, started_at IS NOT NULL AS was_started, owner_seq AS former_seq FROM active_executions
  WHERE owner_seq = ANY ($3::bigint[]) AND workflow = ANY ($1::text[]) AND ${IS_OURS}
  ORDER BY created_at, execution_seq LIMIT $2 FOR UPDATE SKIP LOCKED
) found`

/**
 * The condition with ARRAY says nothing new: without it, a planner that takes the table for empty begins with it, and with all that is dead
 * in it while somebody holds a snapshot.
 */
const OWN = `
UPDATE active_executions a
SET owner_seq = $4, owner_number = a.owner_number + 1, status = CASE WHEN a.paused_at IS NULL THEN 'Running' ELSE 'Paused' END,
    started_at = coalesce(a.started_at, $5)
FROM oldest
WHERE a.execution_seq = oldest.execution_seq AND a.execution_seq = ANY (ARRAY(SELECT execution_seq FROM oldest))
RETURNING ${OWNED_COLUMNS}, oldest.was_started, oldest.former_seq`

/** Values: workflows, limit, dead owners, the new owner, the instant, what to take for the server's, and how old they may be. */
export const ACQUIRE = `
WITH other_versions AS (${OTHER_VERSIONS}), oldest AS (
  SELECT execution_seq, was_started, former_seq FROM (${OLDEST_UNOWNED} UNION ALL ${OLDEST_OF_DEAD}) candidate
  ORDER BY created_at, execution_seq LIMIT $2
) ${OWN}`

/** The same for these alone. Values: workflows, limit, ids, the new owner, the instant. */
export const ACQUIRE_THESE = `
WITH oldest AS (
  SELECT execution_seq, started_at IS NOT NULL AS was_started, NULL::bigint AS former_seq FROM active_executions
  WHERE execution_seq IN (SELECT execution_seq FROM active_executions WHERE id = ANY ($3::text[]) OFFSET 0)
    AND owner_seq IS NULL AND workflow = ANY ($1::text[])
  ORDER BY created_at, execution_seq LIMIT $2 FOR UPDATE SKIP LOCKED
) ${OWN}`

export const RECOVER_RUNNING_TASKS = `
UPDATE task_runs SET status = 'Ready', recoveries = recoveries + 1
WHERE execution_seq = ANY ($1::bigint[]) AND status = 'Running'`

// -- settling

/** Held until the commit, so that nobody takes one over in between. */
export const FIND_FOR_SETTLING = `
SELECT a.execution_seq AS seq, a.id, a.origin, a.firing_id, a.owner_seq, a.owner_number, a.request_number, a.request
FROM active_executions a WHERE a.id = ANY ($1::text[]) ORDER BY a.execution_seq FOR UPDATE`

export const FIND_ENDED = 'SELECT id FROM executions WHERE id = ANY ($1::text[])'

/** Returns how many rows; values: a list for each column. The last condition says nothing new, but which parts of the table are meant. */
export const UPDATE_TASKS = `
UPDATE task_runs t
SET status = g.status, attempts = g.attempts, recoveries = g.recoveries, not_before_at = g.not_before_at, started_at = g.started_at,
    ended_at = g.ended_at, finished_order = g.finished_order, error = g.error
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::int[], $6::bigint[], $7::bigint[], $8::bigint[], $9::int[], $10::text[])
  AS g (execution_seq, task_id, status, attempts, recoveries, not_before_at, started_at, ended_at, finished_order, error)
WHERE t.execution_seq = g.execution_seq AND t.task_id = g.task_id AND t.execution_seq = ANY ($1::bigint[])`

export const SAVE_OUTPUTS = `
INSERT INTO task_outputs (execution_seq, task_id, context) SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])
ON CONFLICT (execution_seq, task_id) DO UPDATE SET context = excluded.context`

export const DISOWN_EXECUTIONS =
  'UPDATE active_executions SET owner_seq = NULL WHERE execution_seq = ANY ($1::bigint[])'

/** Values: a list for each column. */
export const END_EXECUTIONS = `
WITH ended AS (
  DELETE FROM active_executions a
  USING unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[])
    AS g (seq, ended_as, ended_at, error_message, final_task_id)
  WHERE a.execution_seq = g.seq AND a.execution_seq = ANY ($1::bigint[])
  RETURNING a.execution_seq, a.id, a.workflow, a.version, g.ended_as, a.origin, a.origin_source, a.schedule_id, a.firing_id, a.created_at, a.started_at,
            g.ended_at, g.final_task_id, g.error_message, a.retry_of, a.cancel_requested_at
)
INSERT INTO executions (seq, id, workflow, version, status, origin, origin_source, schedule_id, firing_id, created_at, started_at, ended_at,
                        final_task_id, error_message, retry_of, cancel_requested_at)
SELECT * FROM ended`

export const INSERT_FINALS = `
INSERT INTO execution_finals (execution_seq, context) SELECT * FROM unnest($1::bigint[], $2::text[])`

export const COMPLETE_FIRINGS = `
WITH completed AS (
  DELETE FROM active_firings f USING unnest($1::text[], $2::bigint[]) AS g (id, at) WHERE f.id = g.id
  RETURNING f.seq, f.id, trigger_seq, context_hash, execution_id, fired_at, g.at
)
INSERT INTO firings (seq, id, trigger_seq, context_hash, execution_id, fired_at, completed_at) SELECT * FROM completed`

export const CANCEL_UNFINISHED_TASKS = `
UPDATE task_runs SET status = 'Cancelled', ended_at = $1
WHERE execution_seq = $2 AND status IN ('NotStarted', 'Ready', 'Running')`

// -- requests

/** Held until the commit, as in `FIND_FOR_SETTLING`. */
export const FIND_FOR_STEERING = `
SELECT ${OWNED_COLUMNS}, (SELECT instances.id FROM instances WHERE instances.seq = a.owner_seq) AS owner_id
FROM active_executions a WHERE a.id = $1 FOR UPDATE`

export const STORE_REQUEST =
  'UPDATE active_executions SET request_number = request_number + 1, request = $1 WHERE execution_seq = $2'

/** Values: the time or null, the execution, the number. No row when a newer request replaced it. */
export const APPLY_PAUSE = `
UPDATE active_executions
SET paused_at = $1::bigint, request = NULL,
    status = CASE WHEN $1::bigint IS NOT NULL THEN 'Paused' WHEN owner_seq IS NULL THEN 'Pending' ELSE 'Running' END
WHERE execution_seq = $2 AND request_number = $3`

/** The request stays until the execution has ended. */
export const APPLY_CANCEL = `
UPDATE active_executions SET cancel_requested_at = coalesce(cancel_requested_at, $1::bigint)
WHERE execution_seq = $2 AND request_number = $3`

/** Takes it from an owner that is dead: under its number nothing is written any more. */
export const RELEASE_EXECUTION = `
UPDATE active_executions
SET owner_seq = NULL, owner_number = owner_number + 1, status = CASE WHEN paused_at IS NULL THEN 'Pending' ELSE 'Paused' END
WHERE execution_seq = $1`

/** The SQL of executions and their task runs. Each text is one statement, named after what the store wants done. */

import { STARTED_BY_TRIGGER } from '../../history-shapes.ts'

export const EXECUTION_COLUMNS =
  'seq, id, workflow, version, status, origin, origin_source, schedule_id, firing_id, created_at, started_at, ended_at, ' +
  'final_task_id, error_message, retry_of, paused_at, cancel_requested_at'

/** Finds an execution that has not ended. */
const OWNED_COLUMNS = `${EXECUTION_COLUMNS}, owner_seq, owner_number, request_number, request`

const NEWEST_FIRST = 'ORDER BY created_at DESC, seq DESC LIMIT ? OFFSET ?'

export const INSERT_EXECUTION = `
INSERT INTO executions (id, workflow, version, status, origin, origin_source, schedule_id, firing_id, created_at, retry_of)
VALUES (?, ?, ?, 'Pending', ?, ?, ?, ?, ?, ?)`

export const INSERT_INPUT = 'INSERT INTO execution_inputs (execution_seq, context) VALUES (?, ?)'

export const INSERT_TASK = 'INSERT INTO task_runs (execution_seq, task_id, full_name) VALUES (?, ?, ?)'

/** A task whose outcome is taken over from the execution that is tried again. */
export const INSERT_KEPT_TASK = `
INSERT INTO task_runs
  (execution_seq, task_id, full_name, status, attempts, started_at, ended_at, finished_order, error, output)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const GET_EXECUTION = `SELECT ${EXECUTION_COLUMNS} FROM executions WHERE id = ?`

export const FIND_UNDER_WAY = 'SELECT 1 FROM executions WHERE id = ? AND ended_at IS NULL'

export const COUNT_EXECUTIONS = 'SELECT status, count(*) AS count FROM executions GROUP BY status'

/** By the range of texts that begin so: `LIKE` cannot use the index. */
export const FIND_EXECUTION_IDS = 'SELECT id FROM executions WHERE id >= ? AND id < ? ORDER BY id LIMIT ?'

export const GET_INPUT = 'SELECT context FROM execution_inputs WHERE execution_seq = ?'

export const GET_FINAL = 'SELECT context FROM execution_finals WHERE execution_seq = ?'

/** In no order: a single row is the common case, and a sorter costs more than reading it. */
export const LIST_TASKS = `
SELECT seq, task_id, full_name, status, attempts, recoveries, not_before_at, started_at, ended_at, finished_order, error, output
FROM task_runs WHERE execution_seq = ?`

/** Where a list goes on: behind this execution. */
export const FIND_PLACE = 'SELECT created_at, seq FROM executions WHERE id = ?'

export interface Listing {
  readonly workflow?: string
  readonly status?: string
  readonly trigger?: string
  readonly sinceAt?: number
  readonly untilAt?: number
  readonly retryOf?: string
  readonly before?: { readonly created_at: number; readonly seq: number }
}

/**
 * The statement of a list, and its values but for limit and offset. Without statistics SQLite takes the index of the status
 * whenever there is one, though nearly all may be in that status: a `+` keeps it from that. Measured with 500,000
 * executions: 112 ms without it, 4 ms with it.
 */
export function executionListing({
  workflow,
  status,
  trigger,
  sinceAt,
  untilAt,
  retryOf,
  before,
}: Listing): [string, (string | number)[]] {
  const isCommon = status === 'Completed'
  const isNarrowed = workflow !== undefined || trigger !== undefined || retryOf !== undefined
  const conditions: [string, ...(string | number)[]][] = []
  if (workflow !== undefined) conditions.push(['workflow = ?', workflow])
  if (trigger !== undefined) {
    const column = status === undefined || isCommon ? 'origin_source' : '+origin_source'
    conditions.push([`${STARTED_BY_TRIGGER} AND ${column} = ?`, trigger])
  }
  if (status !== undefined)
    conditions.push([(isCommon && isNarrowed) || retryOf !== undefined ? '+status = ?' : 'status = ?', status])
  if (retryOf !== undefined) conditions.push(['retry_of = ?', retryOf])
  if (sinceAt !== undefined) conditions.push(['created_at >= ?', sinceAt])
  if (untilAt !== undefined) conditions.push(['created_at < ?', untilAt])
  if (before !== undefined) conditions.push(['(created_at, seq) < (?, ?)', before.created_at, before.seq])
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(([text]) => text).join(' AND ')}`
  return [
    `SELECT ${EXECUTION_COLUMNS} FROM executions ${where} ${NEWEST_FIRST}`,
    conditions.flatMap(([, ...values]) => values),
  ]
}

// -- ownership

/** The next workflow, by name, that has unowned executions; null after the last. One seek, however many wait. */
export const FIRST_UNOWNED_WORKFLOW = `
SELECT min(workflow) AS workflow FROM executions WHERE owner_seq IS NULL AND ended_at IS NULL`

export const NEXT_UNOWNED_WORKFLOW = `
SELECT min(workflow) AS workflow FROM executions WHERE owner_seq IS NULL AND ended_at IS NULL AND workflow > ?`

export const EACH_UNOWNED = `
SELECT ${OWNED_COLUMNS} FROM executions
WHERE owner_seq IS NULL AND ended_at IS NULL AND workflow = ? ORDER BY created_at, seq`

export const FIND_UNOWNED = `
SELECT ${OWNED_COLUMNS} FROM executions WHERE id = ? AND owner_seq IS NULL AND ended_at IS NULL`

export const EACH_OWNED_BY = `SELECT ${OWNED_COLUMNS} FROM executions WHERE owner_seq = ? ORDER BY created_at, seq`

export const OWN_EXECUTION = `
UPDATE executions
SET owner_seq = ?, owner_number = owner_number + 1, status = iif(paused_at IS NULL, 'Running', 'Paused'), started_at = coalesce(started_at, ?)
WHERE seq = ?`

export const DISOWN_EXECUTION = 'UPDATE executions SET owner_seq = NULL WHERE seq = ?'

/** Takes it from an owner that is dead: under its number nothing is written any more. */
export const RELEASE_EXECUTION = `
UPDATE executions SET owner_seq = NULL, owner_number = owner_number + 1, status = iif(paused_at IS NULL, 'Pending', 'Paused')
WHERE seq = ?`

export const RECOVER_RUNNING_TASKS = `
UPDATE task_runs SET status = 'Ready', recoveries = recoveries + 1 WHERE execution_seq = ? AND status = 'Running'`

// -- settling

/** Not a join: SQLite 3.54 plans a join with a bound value anew at each run, which costs ten times the look-up. */
export const FIND_FOR_SETTLING = `
SELECT seq, origin, firing_id, owner_seq, owner_number FROM executions WHERE id = ?`

export const UPDATE_TASK = `
UPDATE task_runs
SET status = ?, attempts = ?, recoveries = ?, not_before_at = ?, started_at = ?, ended_at = ?, finished_order = ?, error = ?, output = ?,
  attempt_queued_at = ?, attempt_started_at = ?
WHERE execution_seq = ? AND task_id = ?`

/** `UPDATE_TASK` for the first attempt of a task, which begins. */
export const BEGIN_TASK = `
UPDATE task_runs
SET status = 'Running', attempts = 1, recoveries = 0, not_before_at = NULL, started_at = ?, ended_at = NULL, finished_order = NULL,
  error = NULL, output = NULL, attempt_queued_at = NULL, attempt_started_at = NULL
WHERE execution_seq = ? AND task_id = ?`

/** The same when it has completed. */
export const COMPLETE_TASK = `
UPDATE task_runs
SET status = 'Completed', attempts = 1, recoveries = 0, not_before_at = NULL, started_at = ?, ended_at = ?, finished_order = ?, error = NULL,
  output = ?, attempt_queued_at = ?, attempt_started_at = ?
WHERE execution_seq = ? AND task_id = ?`

export const END_EXECUTION = `
UPDATE executions
SET status = ?, ended_at = ?, error_message = ?, final_task_id = ?, owner_seq = NULL, paused_at = NULL, request = NULL
WHERE seq = ?`

export const CANCEL_UNFINISHED_TASKS = `
UPDATE task_runs SET status = 'Cancelled', ended_at = ?
WHERE execution_seq = ? AND status IN ('NotStarted', 'Ready', 'Running')`

// -- requests

export const FIND_FOR_STEERING = `
SELECT ${OWNED_COLUMNS}, (SELECT id FROM instances WHERE seq = owner_seq) AS owner_id FROM executions WHERE id = ?`

export const STORE_REQUEST = 'UPDATE executions SET request_number = request_number + 1, request = ? WHERE seq = ?'

/** Values: the time or null, twice, the execution, the number. No row when a newer request replaced it. */
export const APPLY_PAUSE = `
UPDATE executions
SET paused_at = ?, status = iif(? IS NULL, iif(owner_seq IS NULL, 'Pending', 'Running'), 'Paused'), request = NULL
WHERE seq = ? AND request_number = ?`

/** The request stays until the execution has ended. */
export const APPLY_CANCEL = `
UPDATE executions SET cancel_requested_at = coalesce(cancel_requested_at, ?) WHERE seq = ? AND request_number = ?`

export const FIND_REQUEST = 'SELECT request, request_number FROM executions WHERE seq = ? AND request IS NOT NULL'

export const INSERT_FINAL = 'INSERT INTO execution_finals (execution_seq, context) VALUES (?, ?)'

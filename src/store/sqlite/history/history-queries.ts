/** The SQL of what is seen of the history without reading contexts. Each text is one statement, or makes one. */

import type { ExecutionStatus } from '../../../model/execution.ts'
import type { CountFilter } from '../../../model/history.ts'
import { STARTED_BY_TRIGGER, STATUSES } from '../../history-shapes.ts'
import {
  ACTIVE,
  ACTIVE_STATUSES,
  ENDED,
  ENDED_COLUMNS,
  ENDED_STATUSES,
  executionsWith,
  IN_ORDER,
} from '../executions/execution-queries.ts'

/** `octet_length` looks at the head of a row only: a context of any size costs nothing. */
export const LIST_TASKS_WITHOUT_OUTPUTS = `
SELECT position AS seq, task_id, full_name, status, attempts, recoveries, not_before_at, started_at, ended_at, finished_order, error,
       octet_length(output) AS output_bytes
FROM task_runs WHERE execution_seq = ?`

/** `seq` is a part of the index. */
export const LIST_LAST_FAILED = `
SELECT ${ENDED_COLUMNS} FROM executions WHERE status = 'Failed' ORDER BY ended_at DESC, seq DESC LIMIT ?`

export const INPUT_BYTES = 'SELECT octet_length(context) AS bytes FROM execution_inputs WHERE execution_seq = ?'

export const FINAL_BYTES = 'SELECT octet_length(context) AS bytes FROM execution_finals WHERE execution_seq = ?'

export const GET_OUTPUT = 'SELECT output AS context FROM task_runs WHERE execution_seq = ? AND task_id = ?'

type Values = (string | number)[]

/** Each part is bounded: what is behind the limit is not looked at. `?` of the limit comes last. */
export function countListing(status: ExecutionStatus, filter: CountFilter): [string, Values] {
  const { workflow, trigger, sinceAt, untilAt } = filter
  const [times, timeValues] = timesOf(sinceAt, untilAt)
  const narrowed: string[] = []
  const values: Values = []
  if (workflow !== undefined) {
    narrowed.push('workflow = ?')
    values.push(workflow)
  }
  if (trigger !== undefined) {
    narrowed.push(`${STARTED_BY_TRIGGER} AND origin_source = ?`)
    values.push(trigger)
  }
  const table = executionsWith(status)
  if (narrowed.length === 0) {
    const from = `SELECT 1 FROM ${table} WHERE status = ?${times} LIMIT ?`
    return [`SELECT count(*) AS seen, count(*) AS count FROM (${from})`, [status, ...timeValues]]
  }
  const columns = `SELECT status, workflow, origin, origin_source FROM ${table}`
  const newest = 'ORDER BY created_at DESC LIMIT ?'
  if (status !== 'Completed') {
    // Few are in another status, as a rule: the newest of them are looked at.
    const from = `${columns} WHERE status = ?${times} ${newest}`
    const is = narrowed.join(' AND ')
    return [
      `SELECT count(*) AS seen, coalesce(sum(${is}), 0) AS count FROM (${from})`,
      [...values, status, ...timeValues],
    ]
  }
  // Nearly all are in this one: the newest of the workflow or trigger are looked at.
  const from = `${columns} WHERE ${narrowed.join(' AND ')}${times} ${newest}`
  return [
    `SELECT count(*) AS seen, coalesce(sum(status = ?), 0) AS count FROM (${from})`,
    [status, ...values, ...timeValues],
  ]
}

function timesOf(sinceAt: number | undefined, untilAt: number | undefined): [string, Values] {
  const since: [string, Values] = sinceAt === undefined ? ['', []] : [' AND created_at >= ?', [sinceAt]]
  const until: [string, Values] = untilAt === undefined ? ['', []] : [' AND created_at < ?', [untilAt]]
  return [since[0] + until[0], [...since[1], ...until[1]]]
}

/**
 * Returns a statement for each of the two tables, which counts a limited number of executions between two times, by bar and
 * status. The number of a bar is the largest one whose edge, rounded down, is not after the execution. Values: sinceAt,
 * bars, the length of the time, those that are returned, sinceAt, untilAt, the limit.
 */
export function groupedTrend(filter: CountFilter): [readonly string[], Values] {
  const [conditions, values] = narrowedBy(filter)
  const of = (found: string) => `
SELECT ((created_at - CAST(? AS INTEGER) + 1) * CAST(? AS INTEGER) - 1) / CAST(? AS INTEGER) AS bar, status,
       count(*) AS count
FROM (SELECT status, created_at FROM ${found} AND ${CREATED_BETWEEN} LIMIT ?) GROUP BY bar, status`
  const tables = values.length > 0 ? [ENDED, ACTIVE].map((table) => `${table} WHERE ${conditions}`) : OF_ALL_STATUSES
  return [tables.map(of), values]
}

const CREATED_BETWEEN = 'created_at >= ? AND created_at < ?'

/** Through the indexes alone. Without `INDEXED BY`, SQLite uses `executions_by_creation` and reads the rows. */
const OF_ALL_STATUSES = [
  `executions INDEXED BY executions_by_status WHERE status IN (${listed(ENDED_STATUSES)})`,
  `active_executions WHERE status IN (${listed(ACTIVE_STATUSES)})`,
]

function listed(statuses: readonly string[]): string {
  return statuses.map((status) => `'${status}'`).join(', ')
}

/** By status: counts a limited number of executions between two times, oldest first, through the index alone. */
export const TREND_OF_STATUS = Object.fromEntries(
  STATUSES.map((status) => [
    status,
    `
SELECT count(*) AS count, max(created_at) AS last_at FROM (
  SELECT created_at FROM ${executionsWith(status)} WHERE status = ? AND ${CREATED_BETWEEN} ORDER BY created_at LIMIT ?)`,
  ]),
) as Readonly<Record<ExecutionStatus, string>>

/** Does the same for a workflow or a trigger, and counts by status. Returns a statement for each of the two tables. */
export function narrowedTrend(filter: CountFilter): [readonly string[], Values] {
  const [conditions, values] = narrowedBy(filter)
  const of = (table: string) => `
SELECT status, count(*) AS count, max(created_at) AS last_at FROM (
  SELECT status, created_at FROM ${table} WHERE ${conditions} AND ${CREATED_BETWEEN} ORDER BY created_at LIMIT ?)
GROUP BY status`
  return [[of(ENDED), of(ACTIVE)], values]
}

function narrowedBy({ workflow, trigger }: CountFilter): [string, Values] {
  const conditions: string[] = []
  const values: Values = []
  if (workflow !== undefined) {
    conditions.push('workflow = ?')
    values.push(workflow)
  }
  if (trigger !== undefined) {
    conditions.push(`${STARTED_BY_TRIGGER} AND origin_source = ?`)
    values.push(trigger)
  }
  return [conditions.join(' AND '), values]
}

export const SAMPLE_EXECUTIONS = `
SELECT seq, id, version, status, created_at, started_at, ended_at FROM ${IN_ORDER}
WHERE workflow = ? ORDER BY created_at DESC, seq DESC LIMIT ?`

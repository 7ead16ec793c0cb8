/** The SQL of what is seen of the history without reading contexts. Each text is one statement, or makes one. */

import type { ExecutionStatus } from '../../../model/execution.ts'
import type { CountFilter, TrendQuery } from '../../../model/history.ts'
import { STARTED_BY_TRIGGER } from '../../history-shapes.ts'
import { ALL_EXECUTIONS, tableOf } from '../executions/execution-queries.ts'
import type { Value } from '../session/session.ts'
import { attemptsOf } from './attempt-queries.ts'

export const LIST_TASKS_WITHOUT_OUTPUTS = `
SELECT t.position AS seq, t.task_id, full_name, status, attempts, recoveries, not_before_at, started_at, ended_at, finished_order, error,
       octet_length(o.context) AS output_bytes
FROM task_runs t LEFT JOIN task_outputs o ON o.execution_seq = $1 AND o.task_id = t.task_id
WHERE t.execution_seq = $1 ORDER BY t.position`

export const LIST_LAST_FAILED = `
SELECT *, NULL::bigint AS paused_at FROM executions WHERE status = 'Failed' ORDER BY ended_at DESC, seq DESC LIMIT $1`

export const SIZES = `
SELECT (SELECT octet_length(context) FROM execution_inputs WHERE execution_seq = $1) AS input,
       (SELECT octet_length(context) FROM execution_finals WHERE execution_seq = $1) AS final`

export const GET_OUTPUT = 'SELECT context FROM task_outputs WHERE execution_seq = $1 AND task_id = $2'

/** What is behind the limit is not looked at. */
export function countListing(status: ExecutionStatus, filter: CountFilter, atMost: number): [string, Value[]] {
  const values: Value[] = []
  const value = (given: Value) => `$${values.push(given)}`
  const conditions = [`e.status = ${value(status)}`, ...narrowed(filter, value)]
  const found = `SELECT 1 FROM ${tableOf(status)} e WHERE ${conditions.join(' AND ')} LIMIT ${value(atMost)}`
  return [`SELECT count(*) AS count FROM (${found}) found`, values]
}

/** Returns a query that counts a limited number of executions by bar, which is a number from 0, and by status. */
export function groupedTrend(
  { workflow, trigger }: CountFilter,
  { sinceAt, untilAt, bars }: TrendQuery,
  atMost: number,
): [string, Value[]] {
  const values: Value[] = [sinceAt, bars, untilAt - sinceAt]
  const value = (given: Value) => `$${values.push(given)}`
  const filter = { ...(workflow !== undefined && { workflow }), ...(trigger !== undefined && { trigger }) }
  const conditions = narrowed({ ...filter, sinceAt, untilAt }, value)
  const sql = `
SELECT ((found.created_at - $1::bigint + 1) * $2::bigint - 1) / $3::bigint AS bar, found.status, count(*) AS count
FROM (SELECT e.status, e.created_at FROM ${ALL_EXECUTIONS} e WHERE ${conditions.join(' AND ')} LIMIT ${value(atMost)}) found
GROUP BY bar, found.status`
  return [sql, values]
}

/** By bar, counted from 1, and status; of each bar the oldest, and so many at most. */
export function trendListing(
  { workflow, trigger }: CountFilter,
  from: readonly number[],
  to: readonly number[],
  atMost: number,
): [string, Value[]] {
  const values: Value[] = [from, to]
  const value = (given: Value) => `$${values.push(given)}`
  const filter = { ...(workflow !== undefined && { workflow }), ...(trigger !== undefined && { trigger }) }
  const conditions = ['e.created_at >= g.since_at', 'e.created_at < g.until_at', ...narrowed(filter, value)]
  const sql = `
SELECT g.bar, found.status, count(*) AS count, max(found.created_at) AS last_at
FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS g (since_at, until_at, bar) CROSS JOIN LATERAL (
  SELECT e.status, e.created_at FROM ${ALL_EXECUTIONS} e
  WHERE ${conditions.join(' AND ')} ORDER BY e.created_at LIMIT ${value(atMost)}
) found GROUP BY g.bar, found.status`
  return [sql, values]
}

function narrowed({ workflow, trigger, sinceAt, untilAt }: CountFilter, value: (given: Value) => string): string[] {
  const conditions: string[] = []
  if (workflow !== undefined) conditions.push(`e.workflow = ${value(workflow)}`)
  if (trigger !== undefined) conditions.push(`e.${STARTED_BY_TRIGGER} AND e.origin_source = ${value(trigger)}`)
  if (sinceAt !== undefined) conditions.push(`e.created_at >= ${value(sinceAt)}`)
  if (untilAt !== undefined) conditions.push(`e.created_at < ${value(untilAt)}`)
  return conditions
}

export const SAMPLE_EXECUTIONS = `
SELECT e.seq, e.id, e.version, e.status, e.created_at, e.started_at, e.ended_at FROM ${ALL_EXECUTIONS} e
WHERE e.workflow = $1 ORDER BY e.created_at DESC, e.seq DESC LIMIT $2`

/** Of the newest executions first. */
export const SAMPLE_ATTEMPTS = `${attemptsOf('= ANY ($1::bigint[])')} ORDER BY execution_seq DESC LIMIT $2`

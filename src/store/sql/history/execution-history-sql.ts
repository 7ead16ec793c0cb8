/** The SQL of executions without their contexts, and of their numbers over time. */

import type { ExecutionStatus } from '../../../model/execution.ts'
import type { CountFilter, TrendQuery } from '../../../model/execution-history.ts'
import { executionsWith, STARTED_BY_TRIGGER } from '../executions/listing.ts'
import { withNames } from '../named.ts'
import type { Fragments } from '../sql-fragments.ts'

/** Maximum number of executions that are counted per status. Counting 500,000 takes 0.4 ms through an index. */
export const MAX_COUNTED_EXECUTIONS = 10_000
/** Maximum number of executions in all bars of a trend together, so that many bars cost no more than few. */
export const MAX_TREND_EXECUTIONS = 48_000

export function selectSeq(id: string): string {
  return `(
  SELECT execution_seq FROM active_executions WHERE id = ${id} UNION ALL SELECT seq FROM executions WHERE id = ${id}
  LIMIT 1)`
}

/** On SQLite, `octet_length` reads only the head of a row, so the size of a context does not matter. */
export const SIZES = `
SELECT (SELECT octet_length(context) FROM execution_inputs WHERE execution_seq = $1) AS input,
       (SELECT octet_length(context) FROM execution_finals WHERE execution_seq = $1) AS final`

/** The attempt that completed a task is in the row of the task if `attempts` has no row of it. */
function attemptsOf(condition: string): string {
  return `
SELECT execution_seq, ${withNames('task_id, attempt, outcome, queued_at, started_at, ended_at, error')}
FROM attempts WHERE ${condition}
UNION ALL
SELECT execution_seq, task_id, attempts, 'completed', attempt_queued_at, attempt_started_at, ended_at, NULL
FROM task_runs WHERE ${condition} AND attempt_started_at IS NOT NULL`
}

type Value = string | number

type Query = readonly [text: string, values: readonly Value[]]

export interface Part {
  readonly table: string
  readonly statuses?: readonly ExecutionStatus[]
}

export interface OwnHistorySql {
  /** The tasks of an execution in their order, with the sizes of their outputs. Value: its `seq`. */
  readonly listTasks: string
  /** Values: `seq` of the execution, task. */
  readonly getOutput: string
  /** Ended executions, for the failed ones in the order of their ends. */
  readonly failed: string
  /** Active and ended executions for `ORDER BY created_at, seq` with a small limit. */
  readonly inOrder: string
  /** Parts that together have all executions. SQLite reads each one through an index alone. */
  readonly parts: readonly Part[]
  readonly partsInOrder: readonly Part[]
  readonly partsOfOne: readonly Part[]
  /** Maximum numbers of executions of one workflow or trigger that are counted: by status, and in all bars. */
  readonly maxOfOne: { readonly counted: number; readonly trend: number }
  /** Whether counting the executions of one workflow or trigger reads only the newest executions. */
  readonly countsNewest: boolean
}

export function historySql({ forRows, isIn }: Fragments, own: OwnHistorySql) {
  return {
    ...own,
    /** The executions that failed last, by their ends. Value: the limit. */
    lastFailed: `
SELECT *, CAST(NULL AS bigint) AS paused_at FROM ${own.failed}
WHERE status = 'Failed' ORDER BY ended_at DESC, seq DESC LIMIT $1`,
    /** Newest first. Values: the workflow, the limit. */
    sampleExecutions: `
SELECT ${withNames('seq, id, version, status, created_at, started_at, ended_at')} FROM ${own.inOrder} e
WHERE workflow = $1 ORDER BY created_at DESC, seq DESC LIMIT $2`,
    /** The attempts of an execution that have ended, in the order of their ends. Value: its id. */
    listAttempts: `${attemptsOf(`execution_seq = ${selectSeq('$1')}`)} ORDER BY "endedAt", "taskId", attempt`,
    /** Attempts of executions, those of the newest executions first. Values: the list of `seq`, the limit. */
    sampleAttempts: `${attemptsOf(isIn('execution_seq', '$1', 'bigint'))} ORDER BY execution_seq DESC LIMIT $2`,
    /** For `allEach` with rows of the bar and its period: counts the oldest executions of a part by status. */
    trendOfBars: ({ table, statuses }: Part, query: TrendQuery, limit: number): Query => {
      const { values, value } = numbered(4)
      const conditions = [...withStatus(statuses), ...ofOne(query, value)]
      const [only] = statuses?.length === 1 ? statuses : []
      const text = forRows(
        'bar bigint, since_at bigint, until_at bigint',
        ([, sinceAt, untilAt]) => `
SELECT ${only === undefined ? 'status' : `'${only}' AS status`}, count(*) AS count, max(created_at) AS last_at FROM (
  SELECT ${only === undefined ? 'status, ' : ''}created_at FROM ${table}
  WHERE ${[...conditions, `created_at >= ${sinceAt}`, `created_at < ${untilAt}`].join(' AND ')}
  ORDER BY created_at LIMIT ${value(limit)}
) seen ${only === undefined ? 'GROUP BY status' : 'HAVING count(*) > 0'}`,
      )
      return [text, values]
    },
  }
}

/**
 * Counts the executions of a part by status and bar, up to a limit. The bar of an execution, from 0, is the last one
 * whose edge, rounded down, is not after the execution.
 */
export function groupedTrend({ table, statuses }: Part, query: TrendQuery, limit: number): Query {
  const { sinceAt, untilAt, bars } = query
  const { values, value } = numbered(1)
  const [since, until, all, length] = [sinceAt, untilAt, bars, untilAt - sinceAt].map(
    (each) => `CAST(${value(each)} AS bigint)`,
  )
  const period = [`created_at >= ${since}`, `created_at < ${until}`]
  const conditions = [...withStatus(statuses), ...ofOne(query, value), ...period]
  const text = `
SELECT ((created_at - ${since} + 1) * ${all} - 1) / ${length} AS bar, status, count(*) AS count
FROM (SELECT status, created_at FROM ${table} WHERE ${conditions.join(' AND ')} LIMIT ${value(limit)}) seen
GROUP BY bar, status`
  return [text, values]
}

/**
 * Counts executions with a status up to a limit. If only the newest executions are read, these are the newest with the
 * status, because few executions have not completed, or the newest of the workflow or trigger, because nearly all have.
 */
export function countListing(
  { countsNewest }: OwnHistorySql,
  status: ExecutionStatus,
  filter: CountFilter,
  limit: number,
): Query {
  const { sinceAt, untilAt } = filter
  const { values, value } = numbered(1)
  const one = ofOne(filter, value)
  const period = [
    ...(sinceAt === undefined ? [] : [`created_at >= ${value(sinceAt)}`]),
    ...(untilAt === undefined ? [] : [`created_at < ${value(untilAt)}`]),
  ]
  const has = [`status = ${value(status)}`]
  const isOfNewest = countsNewest && one.length > 0
  const [read, counted] = !isOfNewest ? [[...has, ...one], ['TRUE']] : status === 'Completed' ? [one, has] : [has, one]
  const columns = isOfNewest ? 'status, workflow, origin, origin_source' : '1'
  const order = isOfNewest ? 'ORDER BY created_at DESC' : ''
  const text = `
SELECT count(*) AS seen, count(*) FILTER (WHERE ${counted.join(' AND ')}) AS count FROM (
  SELECT ${columns} FROM ${executionsWith(status)} e
  WHERE ${[...read, ...period].join(' AND ')} ${order} LIMIT ${value(limit)}
) seen`
  return [text, values]
}

function withStatus(statuses: readonly ExecutionStatus[] | undefined): readonly string[] {
  if (statuses === undefined) return []
  const listed = statuses.map((status) => `'${status}'`)
  return [listed.length === 1 ? `status = ${listed[0]}` : `status IN (${listed.join(', ')})`]
}

function ofOne({ workflow, trigger }: CountFilter, value: (given: Value) => string): readonly string[] {
  return [
    ...(workflow === undefined ? [] : [`workflow = ${value(workflow)}`]),
    ...(trigger === undefined ? [] : [`${STARTED_BY_TRIGGER} AND origin_source = ${value(trigger)}`]),
  ]
}

/** Numbers the values of a statement in the order in which they are given. */
function numbered(first: number): { readonly values: Value[]; readonly value: (given: Value) => string } {
  const values: Value[] = []
  return { values, value: (given) => `$${values.push(given) + first - 1}` }
}

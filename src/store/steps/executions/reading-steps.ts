/** Steps that read executions, and parts of steps that load them. */

import type { ExecutionFilter, Page } from '../../../engine/store-ports.ts'
import type { Execution, ExecutionStatus, ExecutionSummary } from '../../../model/execution.ts'
import * as sql from '../../sql/executions/execution-sql.ts'
import { ENDED, executionListing, executionsWith, type Listing } from '../../sql/executions/listing.ts'
import { type ExecutionRecord, execution, executionSummary, type TaskRecord, taskRun } from '../../store-rows.ts'
import { type Session, type Step, toRows } from '../../store-session.ts'
import type { RowPlace } from '../row-places.ts'

interface ContextRecord {
  readonly execution_seq: number
  readonly context: string
}

interface IdRecord {
  readonly id: string
}

export function* getExecution(session: Session, id: string): Step<Execution | null> {
  const record = yield* session.one<ExecutionRecord>(sql.GET_EXECUTION, id)
  if (record === undefined) return null
  return (yield* loadExecutions(session, [record]))[0] ?? null
}

export function* inactiveExecutions(
  session: Session,
  ids: readonly string[],
): Step<ReadonlyMap<string, Execution | null>> {
  const { listInactive, getExecutions } = session.sql.executions
  const records = yield* session.allEach<IdRecord>(listInactive, toRows(ids))
  if (records.length === 0) return new Map()
  const inactive = records.map(({ id }) => id)
  const ended = yield* session.allEach<ExecutionRecord>(getExecutions, toRows(inactive))
  const loaded = yield* loadExecutions(session, ended)
  const found = new Map(loaded.map((execution) => [execution.id, execution]))
  return new Map(inactive.map((id) => [id, found.get(id) ?? null]))
}

export function* countExecutions(session: Session): Step<Readonly<Partial<Record<ExecutionStatus, number>>>> {
  const records = yield* session.all<{ readonly status: ExecutionStatus; readonly count: number }>(sql.COUNT_EXECUTIONS)
  return Object.fromEntries(records.map(({ status, count }) => [status, count]))
}

export function* findExecutionIds(session: Session, prefix: string, limit: number): Step<readonly string[]> {
  const records = yield* session.all<IdRecord>(sql.FIND_EXECUTION_IDS, prefix, `${prefix}\u{10FFFF}`, limit)
  return records.map(({ id }) => id)
}

/** Returns the executions of these records with their contexts and tasks, in the order of the records. */
export function* loadExecutions(session: Session, records: readonly ExecutionRecord[]): Step<readonly Execution[]> {
  const { listInputs, listTasks, listFinals } = session.sql.executions
  const seqs = records.map(({ seq }): [number] => [seq])
  const ended = records.filter(({ ended_at }) => ended_at !== null).map(({ seq }) => [seq])
  const inputs = session.allEach<ContextRecord>(listInputs, seqs)
  const tasks = session.allEach<TaskRecord>(listTasks, seqs)
  const finals = session.allEach<ContextRecord>(listFinals, ended)
  const inputOf = contexts(yield* inputs)
  const tasksOf = new Map<number, TaskRecord[]>(seqs.map(([seq]) => [seq, []]))
  for (const task of yield* tasks) tasksOf.get(task.execution_seq)?.push(task)
  const finalOf = contexts(yield* finals)
  return records.map((record) => {
    const { seq } = record
    const runs = (tasksOf.get(seq) ?? []).sort((one, other) => one.seq - other.seq).map(taskRun)
    return execution(record, inputOf.get(seq) ?? '', finalOf.get(seq) ?? null, runs)
  })
}

function contexts(records: readonly ContextRecord[]): ReadonlyMap<number, string> {
  return new Map(records.map(({ execution_seq, context }) => [execution_seq, context]))
}

export function* listExecutions(
  session: Session,
  { after, limit, offset, ...filter }: Page & ExecutionFilter,
): Step<readonly ExecutionSummary[]> {
  const before = after === undefined ? undefined : yield* session.one<RowPlace>(sql.FIND_EXECUTION, after)
  if (after !== undefined && before === undefined) return []
  const listing = { ...filter, ...(before !== undefined && { before }) }
  const table = filter.status === undefined ? session.sql.executions.all : executionsWith(filter.status)
  const page = { limit, offset }
  const records = yield* table === null ? mergedPage(session, listing, page) : pageOf(session, table, listing, page)
  return records.map(executionSummary)
}

function pageOf(session: Session, table: string, listing: Listing, page: Page) {
  const [statement, values] = executionListing(session.sql.executions, table, listing, page)
  return session.all<ExecutionRecord>(statement, ...values)
}

/**
 * Returns a page of active executions, which are few, and ended ones. The ended executions that are certainly before
 * the page are left to `OFFSET`, which skips entries of an index. On SQLite, a statement over both tables would compute
 * each row before the page: 400 ms instead of 20 ms for the last page of 500,000 executions.
 */
function* mergedPage(session: Session, listing: Listing, { limit, offset }: Page): Step<readonly ExecutionRecord[]> {
  const most = limit + offset
  const active = yield* pageOf(session, session.sql.executions.active, listing, { limit: most, offset: 0 })
  const skipped = Math.max(0, offset - active.length)
  const ended = yield* pageOf(session, ENDED, listing, { limit: most - skipped, offset: skipped })
  const first = offset - skipped
  const records = active.length === 0 ? ended : [...active, ...ended].sort(newestFirst)
  return records.slice(first, first + limit)
}

function newestFirst(one: ExecutionRecord, other: ExecutionRecord): number {
  return other.created_at - one.created_at || other.seq - one.seq
}

/**
 * What happens to executions and their task runs. Each function is the body of one step and runs in its transaction.
 * Contexts pass through as text: they are neither parsed nor stored twice.
 */

import type { ExecutionFilter, NewExecution, Page } from '../../../engine/ports.ts'
import type {
  Execution,
  ExecutionOrigin,
  ExecutionStatus,
  ExecutionSummary,
  TaskRun,
} from '../../../model/execution.ts'
import {
  type ExecutionRecord,
  execution,
  executionSummary,
  faultText,
  originFiring,
  originSchedule,
  originSource,
  type TaskRecord,
  taskRun,
} from '../../rows.ts'
import type { Connection } from '../file/connection.ts'
import { mergedPage } from '../merged-page.ts'
import {
  ACTIVE,
  COUNT_EXECUTIONS,
  ENDED,
  executionListing,
  executionsWith,
  FIND_EXECUTION_IDS,
  FIND_PLACE,
  FIND_UNDER_WAY,
  GET_EXECUTION,
  GET_FINAL,
  GET_INPUT,
  INSERT_EXECUTION,
  INSERT_INPUT,
  INSERT_KEPT_TASK,
  INSERT_TASK,
  LIST_TASKS,
} from './execution-queries.ts'

interface ExecutionPlace {
  readonly created_at: number
  readonly seq: number
}

interface ContextRecord {
  readonly context: string
}

export function insertExecution(
  connection: Connection,
  added: NewExecution,
  origin: ExecutionOrigin,
  at: number,
): void {
  const started = [originSource(origin), originSchedule(origin), originFiring(origin)]
  const { id, workflow, version } = added
  const { retryOf = null } = added
  const seq = connection.insert(INSERT_INPUT, added.inputText)
  connection.run(INSERT_EXECUTION, seq, id, workflow, version, origin.kind, ...started, at, retryOf)
  for (const [position, task] of added.tasks.entries()) {
    if (task.kept === undefined) connection.run(INSERT_TASK, seq, position, task.taskId, task.fullName)
    else insertKept(connection, [seq, position], task.fullName, task.kept)
  }
}

function insertKept(
  connection: Connection,
  place: readonly [seq: number, position: number],
  fullName: string,
  kept: TaskRun,
): void {
  const { taskId, status, attempts, startedAt, endedAt, finishedOrder, error, outputText } = kept
  const values = [status, attempts, startedAt, endedAt, finishedOrder, faultText(error), outputText]
  connection.run(INSERT_KEPT_TASK, ...place, taskId, fullName, ...values)
}

export function getExecution(connection: Connection, id: string): Execution | null {
  const record = connection.one<ExecutionRecord>(GET_EXECUTION, id)
  return record === undefined ? null : loadExecution(connection, record)
}

export function notUnderWay(connection: Connection, ids: readonly string[]): ReadonlyMap<string, Execution | null> {
  const over = ids.filter((id) => connection.one(FIND_UNDER_WAY, id) === undefined)
  return new Map(over.map((id) => [id, getExecution(connection, id)]))
}

export function countExecutions(connection: Connection): Readonly<Partial<Record<ExecutionStatus, number>>> {
  const records = connection.all<{ readonly status: ExecutionStatus; readonly count: number }>(COUNT_EXECUTIONS)
  return Object.fromEntries(records.map(({ status, count }) => [status, count]))
}

export function findExecutionIds(connection: Connection, prefix: string, limit: number): readonly string[] {
  const records = connection.all<{ readonly id: string }>(FIND_EXECUTION_IDS, prefix, `${prefix}\u{10FFFF}`, limit)
  return records.map(({ id }) => id)
}

export function listExecutions(connection: Connection, filter: Page & ExecutionFilter): readonly ExecutionSummary[] {
  const { after, limit, offset, ...given } = filter
  const before = after === undefined ? undefined : connection.one<ExecutionPlace>(FIND_PLACE, after)
  if (after !== undefined && before === undefined) return []
  const conditions = { ...given, ...(before !== undefined && { before }) }
  const read = (table: string) => (page: Page) => {
    const [sql, values] = executionListing(table, conditions)
    return connection.all<ExecutionRecord>(sql, ...values, page.limit, page.offset)
  }
  const { status } = conditions
  const records =
    status === undefined
      ? mergedPage({ limit, offset }, read(ACTIVE), read(ENDED), newestFirst)
      : read(executionsWith(status))({ limit, offset })
  return records.map(executionSummary)
}

function newestFirst(one: ExecutionRecord, other: ExecutionRecord): number {
  return other.created_at - one.created_at || other.seq - one.seq
}

function inOrder(one: TaskRecord, other: TaskRecord): number {
  return one.seq - other.seq
}

export function loadExecution(connection: Connection, record: ExecutionRecord): Execution {
  const input = connection.one<ContextRecord>(GET_INPUT, record.seq)?.context ?? ''
  const final = record.ended_at === null ? undefined : connection.one<ContextRecord>(GET_FINAL, record.seq)?.context
  const tasks = connection.all<TaskRecord>(LIST_TASKS, record.seq).sort(inOrder).map(taskRun)
  return execution(record, input, final ?? null, tasks)
}

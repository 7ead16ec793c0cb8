/** Steps that read executions, and parts of steps that load them. */

import type { Execution, ExecutionStatus } from '../../../model/execution.ts'
import { type ExecutionRecord, execution, type TaskRecord, taskRun } from '../../rows.ts'
import { rowsOf, type Session, type Step } from '../../session.ts'
import { COUNT_EXECUTIONS, FIND_EXECUTION_IDS, GET_EXECUTION } from '../../sql/executions/executions.ts'

interface ContextRecord {
  readonly execution_seq: number
  readonly context: string
}

interface IdRecord {
  readonly id: string
}

export function* getExecution(session: Session, id: string): Step<Execution | null> {
  const record = yield* session.one<ExecutionRecord>(GET_EXECUTION, id)
  if (record === undefined) return null
  return (yield* loadExecutions(session, [record]))[0] ?? null
}

export function* notUnderWay(session: Session, ids: readonly string[]): Step<ReadonlyMap<string, Execution | null>> {
  const { listInactive, getExecutions } = session.sql.executions
  const records = yield* session.allEach<IdRecord>(listInactive, rowsOf(ids))
  if (records.length === 0) return new Map()
  const inactive = records.map(({ id }) => id)
  const ended = yield* session.allEach<ExecutionRecord>(getExecutions, rowsOf(inactive))
  const loaded = yield* loadExecutions(session, ended)
  const found = new Map(loaded.map((execution) => [execution.id, execution]))
  return new Map(inactive.map((id) => [id, found.get(id) ?? null]))
}

export function* countExecutions(session: Session): Step<Readonly<Partial<Record<ExecutionStatus, number>>>> {
  const records = yield* session.all<{ readonly status: ExecutionStatus; readonly count: number }>(COUNT_EXECUTIONS)
  return Object.fromEntries(records.map(({ status, count }) => [status, count]))
}

export function* findExecutionIds(session: Session, prefix: string, limit: number): Step<readonly string[]> {
  const records = yield* session.all<IdRecord>(FIND_EXECUTION_IDS, prefix, `${prefix}\u{10FFFF}`, limit)
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

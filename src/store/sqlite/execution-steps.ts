/**
 * What happens to executions and their task runs. Each function is the body of one step and runs in its transaction.
 * Contexts pass through as text: they are neither parsed nor stored twice.
 */

import type { Acquisition, ExecutionEnd, ExecutionFilter, NewExecution, Page, Settlement } from '../../engine/ports.ts'
import { StoreError } from '../../errors.ts'
import type { Execution, ExecutionOrigin, ExecutionStatus, ExecutionSummary, TaskRun } from '../../model/execution.ts'
import {
  type ExecutionRecord,
  execution,
  executionSummary,
  faultText,
  originFiring,
  originSource,
  type TaskRecord,
  taskRun,
} from '../rows.ts'
import {
  CANCEL_UNFINISHED_TASKS,
  COUNT_EXECUTIONS,
  DISOWN_EXECUTION,
  EACH_OWNED_BY,
  EACH_UNOWNED,
  END_EXECUTION,
  executionListing,
  FIND_EXECUTION_IDS,
  FIND_FOR_SETTLING,
  FIND_PLACE,
  FIND_UNDER_WAY,
  FIND_UNOWNED,
  FIRST_UNOWNED_WORKFLOW,
  GET_EXECUTION,
  GET_FINAL,
  GET_INPUT,
  INSERT_EXECUTION,
  INSERT_FINAL,
  INSERT_INPUT,
  INSERT_KEPT_TASK,
  INSERT_TASK,
  LIST_TASKS,
  NEXT_UNOWNED_WORKFLOW,
  OWN_EXECUTION,
  RECOVER_RUNNING_TASKS,
  REQUEST_CANCEL,
  SET_PAUSED,
} from './execution-queries.ts'
import type { Connection } from './file/connection.ts'
import { insertAttempt, insertLostAttempts } from './history/attempt-steps.ts'
import { DELETE_INSTANCE_WITHOUT_EXECUTIONS, LIST_OTHER_VERSIONS } from './instance-queries.ts'
import { instanceSeqOrThrow } from './instance-steps.ts'
import { completingAttempts, writeTask } from './task-changes.ts'
import { COMPLETE_FIRING } from './trigger-queries.ts'

interface ExecutionPlace {
  readonly created_at: number
  readonly seq: number
}

interface SettlingRecord {
  readonly seq: number
  readonly origin: ExecutionOrigin['kind']
  readonly firing_id: string | null
  readonly owner_id: string | null
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
  const started = [originSource(origin), originFiring(origin)]
  const { id, workflow, version } = added
  const { retryOf = null } = added
  const seq = connection.insert(INSERT_EXECUTION, id, workflow, version, origin.kind, ...started, at, retryOf)
  connection.run(INSERT_INPUT, seq, added.inputText)
  for (const task of added.tasks) {
    if (task.kept === undefined) connection.run(INSERT_TASK, seq, task.taskId, task.fullName)
    else insertKept(connection, seq, task.fullName, task.kept)
  }
}

function insertKept(connection: Connection, seq: number, fullName: string, kept: TaskRun): void {
  const { taskId, status, attempts, startedAt, endedAt, finishedOrder, error, outputText } = kept
  const values = [status, attempts, startedAt, endedAt, finishedOrder, faultText(error), outputText]
  connection.run(INSERT_KEPT_TASK, seq, taskId, fullName, ...values)
}

export function acquireExecutions(
  connection: Connection,
  acquisition: Acquisition,
  findDead: () => readonly number[],
): readonly Execution[] {
  const owner = instanceSeqOrThrow(connection, acquisition.instanceId)
  const { executionIds, recover } = acquisition
  const deadSeqs = recover ? findDead() : []
  const found =
    executionIds === undefined
      ? withoutLivingOwner(connection, acquisition, deadSeqs, versionsOfOthers(connection, owner, findDead))
      : unownedOf(connection, acquisition.workflows, executionIds)
  const taken = [...found].sort(oldestFirst).slice(0, acquisition.limit)
  for (const { seq, status } of taken) {
    connection.run(OWN_EXECUTION, owner, acquisition.at, seq)
    if (status === 'Pending') continue
    insertLostAttempts(connection, seq, acquisition.at)
    connection.run(RECOVER_RUNNING_TASKS, seq)
  }
  for (const dead of deadSeqs) connection.run(DELETE_INSTANCE_WITHOUT_EXECUTIONS, dead)
  return taken.map((record) =>
    loadExecution(connection, {
      ...record,
      status: record.paused_at === null ? 'Running' : 'Paused',
      started_at: record.started_at ?? acquisition.at,
    }),
  )
}

function unownedOf(
  connection: Connection,
  workflows: readonly string[],
  executionIds: readonly string[],
): readonly ExecutionRecord[] {
  return executionIds
    .flatMap((id) => connection.one<ExecutionRecord>(FIND_UNOWNED, id) ?? [])
    .filter(({ workflow }) => workflows.includes(workflow))
}

interface OtherVersion {
  readonly instance_seq: number
  readonly workflow: string
  readonly version: string
}

/** Whether an execution is for another living instance, which has its version of the workflow as this one has not. */
function versionsOfOthers(
  connection: Connection,
  own: number,
  findDead: () => readonly number[],
): (record: ExecutionRecord) => boolean {
  const others = connection.all<OtherVersion>(LIST_OTHER_VERSIONS, own, own)
  if (others.length === 0) return () => false
  const dead = new Set(findDead())
  const living = others.filter(({ instance_seq }) => !dead.has(instance_seq))
  const versions = new Set(living.map(({ workflow, version }) => `${version} ${workflow}`))
  return ({ workflow, version }) => versions.has(`${version} ${workflow}`)
}

function withoutLivingOwner(
  connection: Connection,
  { workflows: names, limit }: Acquisition,
  deadSeqs: readonly number[],
  isOthers: (record: ExecutionRecord) => boolean,
): readonly ExecutionRecord[] {
  const workflows = new Set(names)
  const isOurs = (record: ExecutionRecord) => workflows.has(record.workflow) && !isOthers(record)
  const matching = (sql: string, value: string | number) =>
    firstMatching(connection.each<ExecutionRecord>(sql, value), isOurs, limit)
  return [
    ...unownedWorkflows(connection)
      .filter((workflow) => workflows.has(workflow))
      .flatMap((workflow) => matching(EACH_UNOWNED, workflow)),
    ...deadSeqs.flatMap((dead) => matching(EACH_OWNED_BY, dead)),
  ]
}

/** Refuses an execution that none of `owners` owns: another instance took it over, or it has ended. */
export function settle(connection: Connection, settlement: Settlement, owners: ReadonlySet<string>): void {
  const { executionId } = settlement
  const record = connection.one<SettlingRecord>(FIND_FOR_SETTLING, executionId)
  if (record === undefined) throw cannotSettle(executionId, 'there is none of this id')
  if (record.owner_id === null) throw cannotSettle(executionId, 'it has ended or was given back')
  if (!owners.has(record.owner_id)) throw cannotSettle(executionId, 'another instance has taken it over')
  const completing = completingAttempts(settlement)
  for (const change of settlement.changes) {
    const isThere = writeTask(connection, record.seq, change, completing?.get(change.taskId))
    if (!isThere) throw cannotSettle(executionId, `it has no task "${change.taskId}"`)
  }
  for (const attempt of settlement.attempts ?? []) {
    if (completing?.get(attempt.taskId) !== attempt) insertAttempt(connection, record.seq, attempt)
  }
  if (settlement.cancelRequestedAt !== undefined) {
    connection.run(REQUEST_CANCEL, settlement.cancelRequestedAt, record.seq)
  }
  if (settlement.end !== null) writeEnd(connection, record, settlement, settlement.end)
  else if (settlement.isGivenBack) connection.run(DISOWN_EXECUTION, record.seq)
}

/** Ends an execution that no living instance owns; see the port. */
export function cancelUnowned(
  connection: Connection,
  id: string,
  { endedAt, errorMessage }: { readonly endedAt: number; readonly errorMessage: string },
  isOwnerAlive: (instanceId: string) => boolean,
): 'cancelled' | 'owned' | 'ended' | 'unknown' {
  const found = connection.one<ExecutionRecord>(GET_EXECUTION, id)
  const record = connection.one<SettlingRecord>(FIND_FOR_SETTLING, id)
  if (found === undefined || record === undefined) return 'unknown'
  if (found.ended_at !== null) return 'ended'
  if (record.owner_id !== null && isOwnerAlive(record.owner_id)) return 'owned'
  const { inputText, tasks } = loadExecution(connection, found)
  insertLostAttempts(connection, record.seq, endedAt)
  connection.run(REQUEST_CANCEL, endedAt, record.seq)
  connection.run(CANCEL_UNFINISHED_TASKS, endedAt, record.seq)
  const last = tasks
    .filter(({ outputText }) => outputText !== null)
    .sort((one, other) => (other.finishedOrder ?? 0) - (one.finishedOrder ?? 0))[0]
  const end: ExecutionEnd = { status: 'Cancelled', endedAt, finalText: last?.outputText ?? inputText, errorMessage }
  writeEnd(connection, record, { executionId: id, changes: [], end }, end)
  return 'cancelled'
}

/** Whoever owns it; see the port. */
export function setPaused(
  connection: Connection,
  id: string,
  pausedAt: number | null,
): 'owned' | 'unowned' | 'ended' | 'unknown' {
  const record = connection.one<SettlingRecord>(FIND_FOR_SETTLING, id)
  if (record === undefined) return 'unknown'
  if (connection.run(SET_PAUSED, pausedAt, pausedAt, id) === 0) return 'ended'
  return record.owner_id === null ? 'unowned' : 'owned'
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
  const { after, limit, offset, ...conditions } = filter
  const before = after === undefined ? undefined : connection.one<ExecutionPlace>(FIND_PLACE, after)
  if (after !== undefined && before === undefined) return []
  const [sql, values] = executionListing({ ...conditions, ...(before !== undefined && { before }) })
  return connection.all<ExecutionRecord>(sql, ...values, limit, offset).map(executionSummary)
}

/** Steps from one to the next, so that a backlog of a workflow that nobody has costs one look and not its length. */
function unownedWorkflows(connection: Connection): readonly string[] {
  const named = (sql: string, ...values: readonly string[]) =>
    connection.one<{ readonly workflow: string | null }>(sql, ...values)?.workflow ?? null
  const workflows: string[] = []
  let next = named(FIRST_UNOWNED_WORKFLOW)
  while (next !== null) {
    workflows.push(next)
    next = named(NEXT_UNOWNED_WORKFLOW, next)
  }
  return workflows
}

function firstMatching(
  records: IterableIterator<ExecutionRecord>,
  isOurs: (record: ExecutionRecord) => boolean,
  limit: number,
): readonly ExecutionRecord[] {
  const matching: ExecutionRecord[] = []
  if (limit <= 0) return matching
  for (const record of records) {
    if (!isOurs(record)) continue
    matching.push(record)
    if (matching.length === limit) break
  }
  return matching
}

function inOrder(one: TaskRecord, other: TaskRecord): number {
  return one.seq - other.seq
}

function oldestFirst(one: ExecutionRecord, other: ExecutionRecord): number {
  return one.created_at - other.created_at || one.seq - other.seq
}

function loadExecution(connection: Connection, record: ExecutionRecord): Execution {
  const input = connection.one<ContextRecord>(GET_INPUT, record.seq)?.context ?? ''
  const final = record.ended_at === null ? undefined : connection.one<ContextRecord>(GET_FINAL, record.seq)?.context
  const tasks = connection.all<TaskRecord>(LIST_TASKS, record.seq).sort(inOrder).map(taskRun)
  return execution(record, input, final ?? null, tasks)
}

function writeEnd(connection: Connection, record: SettlingRecord, settlement: Settlement, end: ExecutionEnd): void {
  // Nearly always the output of the task that has just finished, which is stored already.
  const finalTask = settlement.changes.find((change) => change.outputText === end.finalText)
  connection.run(END_EXECUTION, end.status, end.endedAt, end.errorMessage, finalTask?.taskId ?? null, record.seq)
  if (finalTask === undefined) connection.run(INSERT_FINAL, record.seq, end.finalText)
  if (record.origin === 'trigger') connection.run(COMPLETE_FIRING, end.endedAt, record.firing_id)
}

function cannotSettle(executionId: string, why: string): StoreError {
  return new StoreError('EXECUTION_NOT_OWNED', `The execution "${executionId}" cannot be settled: ${why}.`, {
    executionId,
  })
}

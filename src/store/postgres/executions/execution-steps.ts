/**
 * What happens to executions. Each function is the body of one step, or of many alike ones, and runs in their transaction. Contexts pass
 * through as text: they are neither parsed nor stored twice.
 */

import type { Acquisition, ExecutionFilter, NewExecution, Page, RecordedAction } from '../../../engine/ports.ts'
import type {
  AcquiredExecution,
  Execution,
  ExecutionOrigin,
  ExecutionStatus,
  ExecutionSummary,
} from '../../../model/execution.ts'
import { PROCESS_DIED } from '../../history-rows.ts'
import {
  type ExecutionRecord,
  execution,
  executionSummary,
  faultText,
  type OwnedRecord,
  originFiring,
  originSchedule,
  originSource,
  type TaskRecord,
  taskRun,
} from '../../rows.ts'
import { recordAction } from '../history/action-steps.ts'
import { INSERT_LOST_ATTEMPTS } from '../history/attempt-queries.ts'
import { DECLARE_DEAD, DELETE_INSTANCES_WITHOUT_EXECUTIONS } from '../instance-queries.ts'
import { instanceSeqOrThrow } from '../instance-steps.ts'
import type { Session } from '../session/session.ts'
import type { Alike } from '../session/write-queue.ts'
import {
  ACQUIRE,
  ACQUIRE_THESE,
  COUNT_EXECUTIONS,
  executionListing,
  FIND_EXECUTION_IDS,
  FIND_PLACE,
  GET_EXECUTION,
  GET_EXECUTIONS,
  INSERT_EXECUTIONS,
  INSERT_KEPT_OUTPUT,
  INSERT_KEPT_TASK,
  INSERT_TASKS,
  LIST_FINALS,
  LIST_INPUTS,
  LIST_NOT_UNDER_WAY,
  LIST_TASKS,
  RECOVER_RUNNING_TASKS,
} from './execution-queries.ts'
import { takeOverRequest } from './request-steps.ts'

/** An execution that is to be stored, and what started it. */
export interface Creation {
  readonly execution: NewExecution
  readonly origin: ExecutionOrigin
  readonly at: number
  /** Recorded in the same step. */
  readonly recorded?: RecordedAction | undefined
}

interface TaskRecordOf extends TaskRecord {
  readonly execution_seq: number
}

interface ContextOf {
  readonly execution_seq: number
  readonly context: string
}

interface AcquiredRecord extends OwnedRecord {
  readonly was_started: boolean
  /** The dead owner from which it is taken over; null: nobody owned it. */
  readonly former_seq: number | null
}

export async function insertExecutions(session: Session, creations: readonly Creation[]): Promise<void> {
  session.tellOfExecutions(creations.map(({ execution: { id } }) => id))
  const column = <Value>(of: (creation: Creation) => Value) => creations.map(of)
  const inserted = session.run(
    INSERT_EXECUTIONS,
    column(({ execution: { id } }) => id),
    column(({ execution: { workflow } }) => workflow),
    column(({ execution: { version } }) => version),
    column(({ origin }) => origin.kind),
    column(({ origin }) => originSource(origin)),
    column(({ origin }) => originSchedule(origin)),
    column(({ origin }) => originFiring(origin)),
    column(({ at }) => at),
    column(({ execution: { retryOf = null } }) => retryOf),
    column(({ execution: { inputText } }) => inputText),
  )
  await Promise.all([inserted, ...insertTasks(session, creations)])
}

/** Many are created together. */
export const CREATION: Alike<Creation, void> = {
  need: 'accept',
  isPatient: false,
  key: ({ execution: { id } }) => id,
  run: async (session, creations) => {
    const recorded = creations.flatMap(({ recorded }) => recorded ?? [])
    await Promise.all([
      insertExecutions(session, creations),
      ...recorded.map(({ action, answer }) => recordAction(session, action, answer)),
    ])
    return creations.map(() => undefined)
  },
}

function insertTasks(session: Session, creations: readonly Creation[]): readonly Promise<unknown>[] {
  const tasks = creations.flatMap(({ execution: { id, tasks } }) =>
    tasks.map((task, position) => ({ ...task, executionId: id, position })),
  )
  const begun = tasks.filter((task) => task.kept === undefined)
  const inserts: Promise<unknown>[] = [
    session.run(
      INSERT_TASKS,
      begun.map(({ executionId }) => executionId),
      begun.map(({ position }) => position),
      begun.map(({ taskId }) => taskId),
      begun.map(({ fullName }) => fullName),
    ),
  ]
  for (const { executionId, position, fullName, kept } of tasks) {
    if (kept === undefined) continue
    const { taskId, status, attempts, startedAt, endedAt, finishedOrder, error, outputText } = kept
    const outcome = [status, attempts, startedAt, endedAt, finishedOrder, faultText(error)]
    inserts.push(session.run(INSERT_KEPT_TASK, executionId, position, taskId, fullName, ...outcome))
    if (outputText !== null) inserts.push(session.run(INSERT_KEPT_OUTPUT, executionId, taskId, outputText))
  }
  return inserts
}

/** A look at everything that nobody owns, so often. */
const WHOLE_LOOK_EVERY_MS = 1_000
/** Clocks of engines differ: what is older than this is found by the next look at everything. */
const CLOCKS_DIFFER_MS = 1_000

/**
 * From which instant on executions that nobody owns are looked for. All that were older are taken; but while somebody holds a snapshot the
 * server has to pass over each of them again, since it cannot clean up.
 */
export class UnownedSince {
  readonly #monotonic: () => number
  #sinceAt = 0
  #workflows = ''
  #wholeLookAt = Number.NEGATIVE_INFINITY

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  /** 0: everything is looked at. */
  next({ recover, workflows }: Acquisition): number {
    const now = this.#monotonic()
    const names = workflows.join()
    if (!recover && names === this.#workflows && now - this.#wholeLookAt < WHOLE_LOOK_EVERY_MS) return this.#sinceAt
    this.#wholeLookAt = now
    this.#workflows = names
    return 0
  }

  /** Those that it found: as many as were wanted, or all. */
  found({ limit, at, executionIds }: Acquisition, taken: readonly Execution[]): void {
    if (executionIds !== undefined) return
    const newestAt = taken.length < limit ? at : Math.max(...taken.map(({ createdAt }) => createdAt))
    this.#sinceAt = Math.max(0, newestAt - CLOCKS_DIFFER_MS)
  }
}

export async function acquireExecutions(
  session: Session,
  { instanceId, workflows, at, limit, executionIds }: Acquisition,
  deadSeqs: readonly number[],
  serverNow: number | null,
  unownedSinceAt: number,
): Promise<readonly AcquiredExecution[]> {
  const owner = await instanceSeqOrThrow(session, instanceId)
  const taken =
    executionIds === undefined
      ? await session.all<AcquiredRecord>(ACQUIRE, workflows, limit, deadSeqs, owner, at, serverNow, unownedSinceAt)
      : await session.all<AcquiredRecord>(ACQUIRE_THESE, workflows, limit, executionIds, owner, at)
  const started = taken.filter((record) => record.was_started).map(({ seq }) => seq)
  if (started.length > 0) {
    await Promise.all([
      session.run(INSERT_LOST_ATTEMPTS, at, faultText(PROCESS_DIED), started),
      session.run(RECOVER_RUNNING_TASKS, started),
    ])
  }
  if (deadSeqs.length > 0) await session.run(DELETE_INSTANCES_WITHOUT_EXECUTIONS, deadSeqs)
  const formers = [...new Set(taken.flatMap(({ former_seq }) => former_seq ?? []))]
  if (formers.length > 0) await session.run(DECLARE_DEAD, formers)
  const acquired = await Promise.all(
    [...taken].sort(oldestFirst).map(async (record) => ({ record, ...(await takeOverRequest(session, record, at)) })),
  )
  const loaded = await loadExecutions(
    session,
    acquired.map(({ record, pausedAt, cancelRequestedAt }) => ({
      ...record,
      status: pausedAt === null ? 'Running' : 'Paused',
      paused_at: pausedAt,
      cancel_requested_at: cancelRequestedAt,
    })),
  )
  return loaded.map((each, index) => {
    const { record, cancel = null } = acquired[index] ?? {}
    return { ...each, ownerNumber: record?.owner_number ?? 0, cancel }
  })
}

export async function getExecution(session: Session, id: string): Promise<Execution | null> {
  const record = await session.one<ExecutionRecord>(GET_EXECUTION, id)
  if (record === undefined) return null
  return (await loadExecutions(session, [record]))[0] ?? null
}

export async function notUnderWay(
  session: Session,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Execution | null>> {
  const over = (await session.all<{ readonly id: string }>(LIST_NOT_UNDER_WAY, ids)).map(({ id }) => id)
  if (over.length === 0) return new Map()
  const records = await session.all<ExecutionRecord>(GET_EXECUTIONS, over)
  const found = new Map((await loadExecutions(session, records)).map((execution) => [execution.id, execution]))
  return new Map(over.map((id) => [id, found.get(id) ?? null]))
}

export async function countExecutions(session: Session): Promise<Readonly<Partial<Record<ExecutionStatus, number>>>> {
  const records = await session.all<{ readonly status: ExecutionStatus; readonly count: number }>(COUNT_EXECUTIONS)
  return Object.fromEntries(records.map(({ status, count }) => [status, count]))
}

export async function findExecutionIds(session: Session, prefix: string, limit: number): Promise<readonly string[]> {
  const records = await session.all<{ readonly id: string }>(FIND_EXECUTION_IDS, prefix, `${prefix}\u{10FFFF}`, limit)
  return records.map(({ id }) => id)
}

export async function listExecutions(
  session: Session,
  { after, limit, offset, ...conditions }: Page & ExecutionFilter,
): Promise<readonly ExecutionSummary[]> {
  const before =
    after === undefined
      ? undefined
      : await session.one<{ readonly created_at: number; readonly seq: number }>(FIND_PLACE, after)
  if (after !== undefined && before === undefined) return []
  const [sql, values] = executionListing({ ...conditions, ...(before !== undefined && { before }) }, limit, offset)
  return (await session.all<ExecutionRecord>(sql, ...values)).map(executionSummary)
}

async function loadExecutions(session: Session, records: readonly ExecutionRecord[]): Promise<readonly Execution[]> {
  if (records.length === 0) return []
  const seqs = records.map(({ seq }) => seq)
  const [inputs, tasks, finals] = await Promise.all([
    session.all<ContextOf>(LIST_INPUTS, seqs),
    session.all<TaskRecordOf>(LIST_TASKS, seqs),
    session.all<ContextOf>(LIST_FINALS, seqs),
  ])
  const contextsOf = (of: readonly ContextOf[]) =>
    new Map(of.map(({ execution_seq, context }) => [execution_seq, context]))
  const [inputOf, finalOf] = [contextsOf(inputs), contextsOf(finals)]
  const tasksOf = Map.groupBy(tasks, ({ execution_seq }) => execution_seq)
  return records.map((record) =>
    execution(
      record,
      inputOf.get(record.seq) ?? '',
      finalOf.get(record.seq) ?? null,
      (tasksOf.get(record.seq) ?? []).map(taskRun),
    ),
  )
}

function oldestFirst(one: ExecutionRecord, other: ExecutionRecord): number {
  return one.created_at - other.created_at || one.seq - other.seq
}

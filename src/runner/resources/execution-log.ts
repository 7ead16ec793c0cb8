/** `runner.executions.log()`: what the attempts of an execution printed and logged. */

import { SystemClock } from '../../engine/clock.ts'
import type { Engine } from '../../engine/engine.ts'
import { unknownExecution } from '../../engine/executions/run-ends.ts'
import type { StoredLogPiece } from '../../engine/ports.ts'
import { FLAG, objectOf, type SettingCheck, TEXT, wholeFrom } from '../../engine/settings-check.ts'
import { UsageError } from '../../errors.ts'
import type { Execution, TaskRun } from '../../model/execution.ts'
import { type LogRecord, recordsOfPiece } from '../../model/log.ts'
import { didYouMean } from '../../registry/nearest.ts'

/** Filter of the log of an execution. */
export interface ExecutionLogOptions {
  /** Only records of this task. */
  readonly task?: string
  /** Only records of attempts with this number. */
  readonly attempt?: number
  /** Only this many records from the end. With `follow`, new records are added. */
  readonly last?: number
  /** Whether to wait for new records until the execution ends. Default: false. */
  readonly follow?: boolean
}

export const LOG_OPTIONS_CHECK = objectOf({
  task: TEXT,
  attempt: wholeFrom(1),
  last: wholeFrom(0),
  follow: FLAG,
} satisfies Record<keyof ExecutionLogOptions, SettingCheck>)

type Named = Pick<Execution, 'id'> & { readonly tasks: readonly Pick<TaskRun, 'taskId'>[] }

/** Record of the log of an execution, with its task and attempt. */
export interface ExecutionLogRecord extends LogRecord {
  readonly task: string
  readonly attempt: number
}

/** Position in the log of an execution. */
export interface LogPlace {
  /** Number of the last stored part of the log that was read completely. */
  readonly piece: number
  /** Number of records that were read from the next part. */
  readonly records: number
}

/** Filter of a page of the log of an execution. */
export interface LogPageOptions {
  readonly task?: string
  readonly attempt?: number
  /** Position after which the page starts, such as `end` of the previous page. Default: the beginning. */
  readonly after?: LogPlace
  /** Maximum number of records. Default: 1,000. */
  readonly limit?: number
}

/** Page of the log of an execution. */
export interface LogPage {
  readonly records: readonly ExecutionLogRecord[]
  /** Position of the end of the page. */
  readonly end: LogPlace
  /** Whether more records exist. */
  readonly hasMore: boolean
}

/** So many pieces, of which each is some 32 KiB at most, are read at once. */
const PIECES_A_READ = 32
const LOOK_AGAIN_MS = 250

const clock = new SystemClock({ keepsProcessAlive: true })

/** In the order in which they were written, as far as several tasks run at once. Throws `EXECUTION_NOT_FOUND`. */
export async function* executionLog(
  engine: Engine,
  id: string,
  { task, attempt, last, follow = false }: ExecutionLogOptions,
): AsyncGenerator<ExecutionLogRecord, void, undefined> {
  const execution = await engine.getExecution(id)
  if (execution === null) throw unknownExecution(id)
  if (task !== undefined) assertTask(execution, task)
  let hasEnded = !follow
  const ended = follow ? engine.waitFor(id).then(() => true) : null
  let afterPiece = 0
  const filter = task === undefined ? {} : { taskId: task, ...(attempt === undefined ? {} : { attempt }) }
  if (last !== undefined) {
    const end = await lastRecords(engine, { executionId: id, ...filter }, attempt, last)
    afterPiece = end.piece
    yield* end.records
  }
  for (;;) {
    for (;;) {
      const pieces = await engine.executions.log({ executionId: id, ...filter, afterPiece, limit: PIECES_A_READ })
      afterPiece = pieces.at(-1)?.piece ?? afterPiece
      for (const record of merged(pieces)) if (attempt === undefined || record.attempt === attempt) yield record
      if (pieces.length < PIECES_A_READ) break
    }
    if (hasEnded || ended === null) return
    // What was logged before the end is there as soon as the end is: it is read once more.
    hasEnded = await Promise.race([ended, pause()])
  }
}

/** The last so many, and the last piece that there is now. Reads from the end, and no more than it needs. */
async function lastRecords(
  engine: Engine,
  which: { readonly executionId: string; readonly taskId?: string; readonly attempt?: number },
  attempt: number | undefined,
  last: number,
): Promise<{ readonly piece: number; readonly records: readonly ExecutionLogRecord[] }> {
  const pieces: StoredLogPiece[] = []
  let found = 0
  let lastPiece: number | null = null
  let beforePiece = Number.MAX_SAFE_INTEGER
  for (;;) {
    const more = await engine.executions.log({ ...which, beforePiece, limit: PIECES_A_READ })
    lastPiece ??= more.at(-1)?.piece ?? 0
    const wanted = more.filter((piece) => attempt === undefined || piece.attempt === attempt)
    pieces.unshift(...wanted)
    found += wanted.reduce((sum, { records }) => sum + records, 0)
    beforePiece = more[0]?.piece ?? 0
    if (found >= last || more.length < PIECES_A_READ) break
  }
  return { piece: lastPiece, records: last === 0 ? [] : merged(pieces).slice(-last) }
}

/** Some of it, in the order in which it was stored. Throws `EXECUTION_NOT_FOUND`. */
export async function executionLogPage(engine: Engine, id: string, options: LogPageOptions): Promise<LogPage> {
  const { task, attempt, after = { piece: 0, records: 0 }, limit = 1_000 } = options
  const execution = await engine.executions.history.overview(id)
  if (execution === null) throw unknownExecution(id)
  if (task !== undefined) assertTask(execution, task)
  const filter = task === undefined ? {} : { taskId: task, ...(attempt === undefined ? {} : { attempt }) }
  const records: ExecutionLogRecord[] = []
  let end = after
  for (;;) {
    const query = { executionId: id, ...filter, afterPiece: end.piece, limit: PIECES_A_READ }
    const pieces = await engine.executions.log(query)
    for (const piece of pieces) {
      const isMeant = attempt === undefined || piece.attempt === attempt
      const all = isMeant ? recordsOfPiece(piece) : []
      const rest = all.slice(end.records, end.records + limit - records.length)
      records.push(...rest.map((record) => ({ task: piece.taskId, attempt: piece.attempt, ...record })))
      const read = end.records + rest.length
      if (read < all.length) return { records, end: { ...end, records: read }, hasMore: true }
      end = { piece: piece.piece, records: 0 }
    }
    if (pieces.length < PIECES_A_READ) return { records, end, hasMore: false }
  }
}

function assertTask({ id, tasks }: Named, task: string): void {
  const names = tasks.map(({ taskId }) => taskId)
  if (names.includes(task)) return
  const message = `Execution "${id}" has no task "${task}".${didYouMean(task, names)}`
  throw new UsageError('INVALID_ARGUMENT', message, { task })
}

function pause(): Promise<false> {
  return new Promise((resolve) => clock.wakeAfter(LOOK_AGAIN_MS, () => resolve(false)))
}

/** Each attempt's in its own order, which its instants need not have; those of several by their instants. */
function merged(pieces: readonly StoredLogPiece[]): readonly ExecutionLogRecord[] {
  const byAttempt = Map.groupBy(pieces, ({ taskId, attempt }) => `${attempt} ${taskId}`)
  const queues = [...byAttempt.values()].map((of) => ({
    records: of.flatMap((piece) =>
      recordsOfPiece(piece).map((record) => ({ task: piece.taskId, attempt: piece.attempt, ...record })),
    ),
    next: 0,
  }))
  const all: ExecutionLogRecord[] = []
  for (;;) {
    let first: (typeof queues)[number] | null = null
    for (const queue of queues) {
      const record = queue.records[queue.next]
      if (record === undefined) continue
      if (first === null || record.at < (first.records[first.next]?.at ?? 0)) first = queue
    }
    const record = first?.records[first.next]
    if (first === null || record === undefined) return all
    all.push(record)
    first.next += 1
  }
}

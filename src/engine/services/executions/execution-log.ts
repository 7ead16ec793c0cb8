/** `runner.executions.log()`: what the attempts of an execution printed and logged. */

import * as v from 'valibot'
import { UsageError } from '../../../errors.ts'
import type { Execution, TaskRun } from '../../../model/execution.ts'
import { type LogFilter, passesFilter, RECORD_LEVELS, RECORD_STREAMS } from '../../../model/logs/log-filter.ts'
import { type LogRecord, recordsOfPiece } from '../../../model/logs/log-record.ts'
import { type OptionSchema, parseOptions } from '../../../options/checked.ts'
import { optionsSchema, wholeNumberAtLeast } from '../../../options/schemas.ts'
import { didYouMean } from '../../../registry/nearest.ts'
import type { Clock } from '../../clock-port.ts'
import type { EnginePorts } from '../../engine-options.ts'
import { type RunEnds, unknownExecutionError } from '../../executions/run-ends.ts'
import type { StoredLogPiece } from '../../log-ports.ts'
import type { LogStore, Store } from '../../store.ts'

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

const LOG_OPTIONS = optionsSchema({
  task: v.string(),
  attempt: wholeNumberAtLeast(1),
  last: wholeNumberAtLeast(0),
  follow: v.boolean(),
} satisfies Record<keyof ExecutionLogOptions, OptionSchema>)

/** Throws `INVALID_ARGUMENT`. */
export function checkLogOptions(options: ExecutionLogOptions): void {
  parseOptions(LOG_OPTIONS, options, 'options')
}

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
export interface LogPageOptions extends LogFilter {
  readonly task?: string
  readonly attempt?: number
  /** Position after which the page starts, such as `end` of the previous page. Default: the beginning. */
  readonly after?: LogPlace
  /** Maximum number of records. Default: 1,000. With `stream` or `level`, a page may have fewer records. */
  readonly limit?: number
}

const PAGE_FILTER = optionsSchema({
  stream: v.picklist(RECORD_STREAMS),
  level: v.picklist(RECORD_LEVELS),
} satisfies Record<keyof LogFilter, OptionSchema>)

/** Page of the log of an execution. */
export interface LogPage {
  readonly records: readonly ExecutionLogRecord[]
  /** Position of the end of the page. */
  readonly end: LogPlace
  /** Whether more records exist. */
  readonly hasMore: boolean
}

/** Number of pieces that are read together. A piece has about 32 KiB at most. */
const PIECES_A_READ = 32
/** Maximum number of reads for a page, so that a filter that few records pass does not read a whole large log. */
const READS_A_PAGE = 8
const LOOK_AGAIN_MS = 250

/** Yields the records of tasks that run together in the order of writing. Throws `EXECUTION_NOT_FOUND`. */
export async function* executionLog(
  { store, clock }: Pick<EnginePorts, 'store' | 'clock'>,
  ends: RunEnds,
  id: string,
  { task, attempt, last, follow = false }: ExecutionLogOptions,
): AsyncGenerator<ExecutionLogRecord, void, undefined> {
  const execution = await store.history.overview(id)
  if (execution === null) throw unknownExecutionError(id)
  if (task !== undefined) assertTask(execution, task)
  let hasEnded = !follow
  const ended = follow ? ends.wait(id).then(() => true) : null
  let afterPiece = 0
  const filter = task === undefined ? {} : { taskId: task, ...(attempt === undefined ? {} : { attempt }) }
  if (last !== undefined) {
    const end = await lastRecords(store.logs, { executionId: id, ...filter }, attempt, last)
    afterPiece = end.piece
    yield* end.records
  }
  for (;;) {
    for (;;) {
      const pieces = await store.logs.list({ executionId: id, ...filter, afterPiece, limit: PIECES_A_READ })
      afterPiece = pieces.at(-1)?.piece ?? afterPiece
      for (const record of merged(pieces)) if (attempt === undefined || record.attempt === attempt) yield record
      if (pieces.length < PIECES_A_READ) break
    }
    if (hasEnded || ended === null) return
    // The records of the last tasks are stored together with the end, so they are read after it.
    hasEnded = await Promise.race([ended, pause(clock)])
  }
}

/** Returns the last records, and the last stored piece. Reads from the end, and no more than necessary. */
async function lastRecords(
  logs: LogStore,
  which: { readonly executionId: string; readonly taskId?: string; readonly attempt?: number },
  attempt: number | undefined,
  last: number,
): Promise<{ readonly piece: number; readonly records: readonly ExecutionLogRecord[] }> {
  const pieces: StoredLogPiece[] = []
  let found = 0
  let lastPiece: number | null = null
  let beforePiece = Number.MAX_SAFE_INTEGER
  for (;;) {
    const more = await logs.list({ ...which, beforePiece, limit: PIECES_A_READ })
    lastPiece ??= more.at(-1)?.piece ?? 0
    const wanted = more.filter((piece) => attempt === undefined || piece.attempt === attempt)
    pieces.unshift(...wanted)
    found += wanted.reduce((sum, { records }) => sum + records, 0)
    beforePiece = more[0]?.piece ?? 0
    if (found >= last || more.length < PIECES_A_READ) break
  }
  return { piece: lastPiece, records: last === 0 ? [] : merged(pieces).slice(-last) }
}

/** Returns a page of the log in the order of storage. Throws `EXECUTION_NOT_FOUND`. */
export async function executionLogPage(store: Store, id: string, options: LogPageOptions): Promise<LogPage> {
  const { task, attempt, after = { piece: 0, records: 0 }, limit = 1_000, stream, level } = options
  const passes = { ...(stream !== undefined && { stream }), ...(level !== undefined && { level }) }
  parseOptions(PAGE_FILTER, passes, 'options')
  const execution = await store.history.overview(id)
  if (execution === null) throw unknownExecutionError(id)
  if (task !== undefined) assertTask(execution, task)
  const filter = task === undefined ? {} : { taskId: task, ...(attempt === undefined ? {} : { attempt }) }
  const records: ExecutionLogRecord[] = []
  let end = after
  for (let reads = 1; ; reads += 1) {
    const query = { executionId: id, ...filter, afterPiece: end.piece, limit: PIECES_A_READ }
    const pieces = await store.logs.list(query)
    for (const piece of pieces) {
      const isMeant = attempt === undefined || piece.attempt === attempt
      const all = isMeant ? recordsOfPiece(piece) : []
      let read = end.records
      for (; read < all.length && records.length < limit; read += 1) {
        const record = all[read]
        if (record === undefined || !passesFilter(record, passes)) continue
        records.push({ task: piece.taskId, attempt: piece.attempt, ...record })
      }
      if (read < all.length) return { records, end: { ...end, records: read }, hasMore: true }
      end = { piece: piece.piece, records: 0 }
    }
    if (pieces.length < PIECES_A_READ) return { records, end, hasMore: false }
    if (reads === READS_A_PAGE) return { records, end, hasMore: true }
  }
}

function assertTask({ id, tasks }: Named, task: string): void {
  const names = tasks.map(({ taskId }) => taskId)
  if (names.includes(task)) return
  const message = `Execution "${id}" has no task "${task}".${didYouMean(task, names)}`
  throw new UsageError('INVALID_ARGUMENT', message, { task })
}

function pause(clock: Clock): Promise<false> {
  return new Promise((resolve) => clock.wakeAfter(LOOK_AGAIN_MS, () => resolve(false)))
}

/** Merges the records of attempts by time. Keeps the order within an attempt, whose times may not be sorted. */
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

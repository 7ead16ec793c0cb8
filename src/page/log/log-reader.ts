/** Reads the log of an execution page by page, and then new records. */

import { type Signal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { LogRecord } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { asProblem, type Problem } from '../api/problem.ts'
import { listenToEvents } from '../live/event-connection.ts'
import { usePolling } from '../live/reading-again.ts'
import { type NumberedLine, recordLines, type StoredFilter } from './log-view-lines.ts'

const PAGE = 1_000
/** Maximum number of lines that are read automatically. */
const LINES_BY_ITSELF = 20_000
/** Interval while the execution runs. */
const READ_EVERY_MS = 1_000

export class LogReader {
  readonly #id: string
  readonly #filter: StoredFilter
  readonly #abort = new AbortController()
  readonly lines: Signal<readonly NumberedLine[]> = signal([])
  readonly problem: Signal<Problem | null> = signal(null)
  /** Whether there are more lines, which are read on request. */
  readonly hasMore = signal(false)
  /** Whether the log was read to its end or to the automatic limit. */
  readonly isRead = signal(false)
  #cursor: string | undefined
  readonly #latest = new Map<string, number>()
  #isReading = false
  #isWanted = false

  constructor(id: string, filter: StoredFilter) {
    this.#id = id
    this.#filter = filter
  }

  /** Reads on. A call during a reading causes one more reading after it. */
  async read(limit = LINES_BY_ITSELF): Promise<void> {
    this.#isWanted = true
    if (this.#isReading) return
    this.#isReading = true
    try {
      while (this.#isWanted && !this.#abort.signal.aborted) {
        this.#isWanted = false
        await this.#readOn(limit)
      }
      this.problem.value = null
    } catch (thrown) {
      if (!this.#abort.signal.aborted) this.problem.value = asProblem(thrown)
    } finally {
      this.#isReading = false
    }
  }

  reload(): void {
    void this.read()
  }

  readMore(): void {
    void this.read(this.lines.peek().length + LINES_BY_ITSELF)
  }

  stop(): void {
    this.#abort.abort()
  }

  async #readOn(limit: number): Promise<void> {
    for (;;) {
      const query = { ...this.#filter, limit: PAGE, cursor: this.#cursor }
      const where = { path: { id: this.#id }, query, signal: this.#abort.signal }
      const { items, nextCursor, endCursor } = await read('/executions/{id}/log', where)
      this.#cursor = endCursor
      this.#add(items)
      // A page of a filtered log may be empty before its end.
      this.isRead.value = nextCursor === null || this.lines.peek().length > 0
      this.hasMore.value = nextCursor !== null
      if (nextCursor === null || this.lines.peek().length >= limit) return
    }
  }

  /** Returns the time of a record, so that records of an attempt stay in their order even if their times are not. */
  #instantOf({ task, attempt, at }: LogRecord): number {
    const key = `${attempt} ${task}`
    const instant = Math.max(Date.parse(at), this.#latest.get(key) ?? 0)
    this.#latest.set(key, instant)
    return instant
  }

  #add(items: readonly LogRecord[]): void {
    if (items.length === 0) return
    const before = this.lines.peek()
    const lines = [...before]
    for (const record of items) lines.push(...recordLines(record, lines.length, this.#instantOf(record)))
    // Records of concurrent tasks are stored one after the other, so a page may begin before the end of the last one.
    const last = before.at(-1)
    const first = lines[before.length]
    if (last !== undefined && first !== undefined && first.at < last.at) {
      lines.sort((one, other) => one.at - other.at || one.number - other.number)
    }
    this.lines.value = lines
  }
}

/** Reads while the component exists, and polls while the execution runs. */
export function useLogReader(id: string, filter: StoredFilter, isRunning: boolean): LogReader {
  const { stream, level, task } = filter
  const reader = useMemo(() => new LogReader(id, filter), [id, stream, level, task])
  useEffect(() => () => reader.stop(), [reader])
  useEffect(() => reader.reload(), [reader, isRunning])
  usePolling(reader, READ_EVERY_MS, isRunning)
  useEffect(
    () =>
      listenToEvents(({ name, data }) => {
        if (name === 'taskFinished' && (data as { readonly executionId: string }).executionId === id) reader.reload()
      }),
    [reader, id],
  )
  return reader
}

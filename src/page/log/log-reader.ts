/** The log of an execution, page by page, and then what is written since. */

import { type Signal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { LogRecord } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { asProblem, type Problem } from '../api/problem.ts'
import { listen } from '../live/connection.ts'
import { useReadingAgain } from '../live/reading-again.ts'
import { type LogLine, linesOf } from './log-lines.ts'

const PAGE = 1_000
/** Without being asked for more. */
const LINES_BY_ITSELF = 20_000
/** While it runs. */
const READ_EVERY_MS = 1_000

export class LogReader {
  readonly #id: string
  readonly #abort = new AbortController()
  readonly lines: Signal<readonly LogLine[]> = signal([])
  readonly problem: Signal<Problem | null> = signal(null)
  /** There are more, which are read when they are asked for. */
  readonly hasMore = signal(false)
  /** Read once to its end, or as far as it goes by itself. */
  readonly isRead = signal(false)
  #cursor: string | undefined
  readonly #latest = new Map<string, number>()
  #isReading = false
  #isWanted = false

  constructor(id: string) {
    this.#id = id
  }

  /** Reads on; a call that comes meanwhile is one more reading after that. */
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

  /** Where there are very many. */
  readMore(): void {
    void this.read(this.lines.peek().length + LINES_BY_ITSELF)
  }

  stop(): void {
    this.#abort.abort()
  }

  async #readOn(limit: number): Promise<void> {
    for (;;) {
      const where = { path: { id: this.#id }, query: { limit: PAGE, cursor: this.#cursor }, signal: this.#abort.signal }
      const { items, nextCursor, endCursor } = await read('/executions/{id}/log', where)
      this.#cursor = endCursor
      this.#add(items)
      this.isRead.value = true
      this.hasMore.value = nextCursor !== null
      if (nextCursor === null || this.lines.peek().length >= limit) return
    }
  }

  /** What an attempt says stays in its order, which its instants need not have. */
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
    for (const record of items) lines.push(...linesOf(record, lines.length, this.#instantOf(record)))
    // Tasks that run at once are stored one after the other, so a page may begin before the end of the last one.
    const last = before.at(-1)
    const first = lines[before.length]
    if (last !== undefined && first !== undefined && first.at < last.at) {
      lines.sort((one, other) => one.at - other.at || one.number - other.number)
    }
    this.lines.value = lines
  }
}

/** Reads for as long as the component is there, and again and again while the execution runs. */
export function useLogReader(id: string, isRunning: boolean): LogReader {
  const reader = useMemo(() => new LogReader(id), [id])
  useEffect(() => () => reader.stop(), [reader])
  // The last lines come with the end.
  useEffect(() => reader.reload(), [reader, isRunning])
  useReadingAgain(reader, READ_EVERY_MS, isRunning)
  useEffect(
    () =>
      listen(({ name, data }) => {
        if (name === 'taskFinished' && (data as { readonly executionId: string }).executionId === id) reader.reload()
      }),
    [reader, id],
  )
  return reader
}

/**
 * Rows of the list: the newest page, which is kept up to date, and older rows, which are read as the visitor scrolls.
 * Events report the ends of older executions.
 */

import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { ExecutionRow } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import type { ServerEvent } from '../live/event-reader.ts'
import { currentFilter } from './filter.ts'

const PAGE = 100

type Page = Awaited<ReturnType<typeof readPage>>

export class ExecutionList {
  readonly #newest: Signal<Page | null> = signal(null)
  readonly #older: Signal<readonly ExecutionRow[]> = signal([])
  /** Position after all rows; null if all rows were read. */
  #cursor: string | null = null
  #isReading = false

  readonly rows: ReadonlySignal<readonly ExecutionRow[]> = computed(() => {
    const items = this.#newest.value?.items ?? []
    const last = items.at(-1)
    if (last === undefined) return this.#older.value
    const known = new Set(items.map(({ id }) => id))
    return [...items, ...this.#older.value.filter(({ id }) => !known.has(id))]
  })

  get hasMore(): boolean {
    return this.#cursor !== null
  }

  async loadNewest(abort: AbortSignal): Promise<void> {
    const before = this.#newest.peek()
    const page = await readPage(undefined, abort)
    if (before === null || !this.#joins(before, page)) {
      this.#older.value = []
      this.#cursor = page.nextCursor
    } else this.#pushOut(before, page)
    this.#newest.value = page
  }

  async loadOlder(): Promise<void> {
    if (this.#cursor === null || this.#isReading) return
    this.#isReading = true
    try {
      const page = await readPage(this.#cursor)
      this.#older.value = [...this.#older.value, ...page.items]
      this.#cursor = page.nextCursor
    } finally {
      this.#isReading = false
    }
  }

  /** Reads the newest page again after events. Events contain the changes of older rows. */
  heard({ name, data }: ServerEvent): void {
    if (name !== 'executionFinished') return
    const { executionId, status, errorMessage, cause, at } = data as Finished
    if (!this.#older.value.some(({ id }) => id === executionId)) return
    const wanted = currentFilter().status
    this.#older.value = this.#older.value.flatMap((row) => {
      if (row.id !== executionId) return row
      if (wanted !== undefined && wanted !== status) return []
      return { ...row, status, errorMessage, cause, endedAt: at }
    })
  }

  /** Returns true if no row can be between the two pages. */
  #joins(before: Page, page: Page): boolean {
    const ids = new Set(page.items.map(({ id }) => id))
    return page.nextCursor === null || before.items.some(({ id }) => ids.has(id))
  }

  /** New rows push others off the newest page: these become the first of the older rows. */
  #pushOut(before: Page, page: Page): void {
    const last = page.items.at(-1)
    if (last === undefined || page.nextCursor === null) {
      this.#older.value = []
      this.#cursor = page.nextCursor
      return
    }
    const known = new Set([...page.items, ...this.#older.value].map(({ id }) => id))
    const out = before.items.filter(({ id, createdAt }) => !known.has(id) && createdAt <= last.createdAt)
    if (out.length > 0) this.#older.value = [...out, ...this.#older.value]
    this.#cursor ??= this.#older.value.length === 0 ? page.nextCursor : null
  }
}

interface Finished {
  readonly executionId: string
  readonly status: ExecutionRow['status']
  readonly errorMessage: string | null
  readonly cause: string | null
  readonly at: string
}

function readPage(cursor: string | undefined, signal?: AbortSignal) {
  return read('/executions', { query: { ...currentFilter(), limit: PAGE, cursor }, ...(signal && { signal }) })
}

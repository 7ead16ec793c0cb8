/**
 * Rows of a list, newest first: the newest page, which is kept up to date, and older rows, which are read on request.
 * Rows keep their order, and are never added between others.
 */

import { type ReadonlySignal, type Signal, signal } from '@preact/signals'

interface Page<Row> {
  readonly items: readonly Row[]
  readonly nextCursor: string | null
}

type ReadPage<Row> = (cursor: string | undefined, abort?: AbortSignal) => Promise<Page<Row>>

export class PagedRows<Row extends { readonly id: string }> {
  readonly #read: ReadPage<Row>
  readonly #rows: Signal<readonly Row[]> = signal([])
  readonly #cursor: Signal<string | null> = signal(null)
  #isReading = false

  constructor(read: ReadPage<Row>) {
    this.#read = read
  }

  get rows(): ReadonlySignal<readonly Row[]> {
    return this.#rows
  }

  /** Position after all rows. Null if all rows were read. */
  get cursor(): ReadonlySignal<string | null> {
    return this.#cursor
  }

  async loadNewest(abort: AbortSignal): Promise<void> {
    const { items, nextCursor } = await this.#read(undefined, abort)
    const known = new Set(items.map(({ id }) => id))
    const before = this.#rows.peek()
    // Without a common row, others may be between the page and the rows that were read before.
    if (nextCursor === null || !before.some(({ id }) => known.has(id))) {
      this.#rows.value = items
      this.#cursor.value = nextCursor
    } else this.#rows.value = [...items, ...before.filter(({ id }) => !known.has(id))]
  }

  async loadOlder(): Promise<void> {
    const cursor = this.#cursor.peek()
    if (cursor === null || this.#isReading) return
    this.#isReading = true
    try {
      const { items, nextCursor } = await this.#read(cursor)
      // The rows may have begun again while the request was under way.
      if (this.#cursor.peek() !== cursor) return
      this.#rows.value = [...this.#rows.peek(), ...items]
      this.#cursor.value = nextCursor
    } finally {
      this.#isReading = false
    }
  }
}

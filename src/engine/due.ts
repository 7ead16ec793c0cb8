/**
 * Heap of due times, so that one timer serves any number of triggers, and the rules for the next due time. The loops
 * push waiting entries and pop due ones.
 */

/** Entry of a heap. Only the heap writes the two fields while the entry is in it. */
export interface DueEntry {
  unsafeDueAt: number
  /** Position in the heap, or -1. */
  unsafeHeapIndex: number
}

/** Children of an entry of the heap. Two would double the levels, each in another place of the memory. */
const CHILDREN = 4

/** A heap, soonest first. An entry is in at most one heap. */
export class DueHeap<Entry extends DueEntry> {
  readonly #entries: Entry[] = []

  get size(): number {
    return this.#entries.length
  }

  /** Soonest due time, or Infinity. */
  get nextDueAt(): number {
    return this.#entries[0]?.unsafeDueAt ?? Number.POSITIVE_INFINITY
  }

  /** Inserts or moves an entry. */
  push(entry: Entry, dueAt: number): void {
    this.remove(entry)
    entry.unsafeDueAt = dueAt
    this.#rise(entry, this.#entries.length)
  }

  /** Removes and returns the soonest entry if it is due at `now`. */
  popDue(now: number): Entry | null {
    const first = this.#entries[0]
    if (first === undefined || first.unsafeDueAt > now) return null
    this.remove(first)
    return first
  }

  /** Does nothing if the entry is not in the heap. */
  remove(entry: Entry): void {
    const index = entry.unsafeHeapIndex
    if (index < 0) return
    entry.unsafeHeapIndex = -1
    const last = this.#entries.pop()
    if (last === undefined || last === entry) return
    const parent = this.#entries[parentOf(index)]
    if (index > 0 && parent !== undefined && parent.unsafeDueAt > last.unsafeDueAt) this.#rise(last, index)
    else this.#sink(last, index)
  }

  #rise(entry: Entry, from: number): void {
    const entries = this.#entries
    let index = from
    while (index > 0) {
      const parentIndex = parentOf(index)
      const parent = entries[parentIndex]
      if (parent === undefined || parent.unsafeDueAt <= entry.unsafeDueAt) break
      entries[index] = parent
      parent.unsafeHeapIndex = index
      index = parentIndex
    }
    entries[index] = entry
    entry.unsafeHeapIndex = index
  }

  #sink(entry: Entry, from: number): void {
    const entries = this.#entries
    let index = from
    for (;;) {
      const first = CHILDREN * index + 1
      const end = Math.min(first + CHILDREN, entries.length)
      let childIndex = first
      let child = entries[first]
      if (child === undefined) break
      for (let sibling = first + 1; sibling < end; sibling++) {
        const other = entries[sibling]
        if (other === undefined || other.unsafeDueAt >= child.unsafeDueAt) continue
        child = other
        childIndex = sibling
      }
      if (child.unsafeDueAt >= entry.unsafeDueAt) break
      entries[index] = child
      child.unsafeHeapIndex = index
      index = childIndex
    }
    entries[index] = entry
    entry.unsafeHeapIndex = index
  }
}

function parentOf(index: number): number {
  return (index - 1) >> 2 // by CHILDREN, rounded down
}

/** An interval of 0 means as often as possible, and the clock counts whole milliseconds. */
const SHORTEST_INTERVAL_MS = 1

/** Returns the next due time. Counts from `dueAt`, so nothing drifts. Missed times collapse into the latest one. */
export function nextDueAt(dueAt: number, givenIntervalMs: number, now: number): number {
  const intervalMs = Math.max(givenIntervalMs, SHORTEST_INTERVAL_MS)
  const missed = Math.floor((now - dueAt) / intervalMs)
  return dueAt + intervalMs * Math.max(1, missed)
}

/** Spread, because triggers that start together and stay in step would be polled in one burst forever. */
const STARTS_PER_MS = 50

/** Returns the first due time of the `index`th of many triggers that start together. */
export function firstDueAt(startAt: number, index: number): number {
  return startAt + Math.floor(index / STARTS_PER_MS)
}

/** Adds a random part of the jitter to a due time. `random`: in [0, 1). */
export function jitteredAt(dueAt: number, jitterMs: number, random: number): number {
  return jitterMs <= 0 ? dueAt : dueAt + Math.floor(random * (jitterMs + 1))
}

/**
 * When things are due: a heap of due times, so that one timer serves any number of triggers, and the rules for the
 * next due time. Pure; the loops push what waits and pop what is due.
 */

/** Something that waits in a heap. The heap alone writes the two fields while it is in there. */
export interface DueEntry {
  unsafeDueAt: number
  /** Position in the heap; -1 when it is in none. */
  unsafeHeapIndex: number
}

/** Children of an entry of the heap. With two there are twice as many levels, each in another place of the memory. */
const CHILDREN = 4

/** A heap, soonest first. An entry is in at most one heap. */
export class DueHeap<Entry extends DueEntry> {
  readonly #entries: Entry[] = []

  get size(): number {
    return this.#entries.length
  }

  /** The soonest due time; Infinity when nothing waits. */
  get nextDueAt(): number {
    return this.#entries[0]?.unsafeDueAt ?? Number.POSITIVE_INFINITY
  }

  /** Puts it in, or moves it when it is in already. */
  push(entry: Entry, dueAt: number): void {
    this.remove(entry)
    entry.unsafeDueAt = dueAt
    this.#rise(entry, this.#entries.length)
  }

  /** Takes the soonest out when it is due at `now`. */
  popDue(now: number): Entry | null {
    const first = this.#entries[0]
    if (first === undefined || first.unsafeDueAt > now) return null
    this.remove(first)
    return first
  }

  /** Nothing happens when it is not in. */
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

/**
 * The due time after `dueAt`. Counted from the due time, so that nothing drifts; the instants missed meanwhile
 * collapse into the latest of them, which is then due at once.
 */
export function nextDueAt(dueAt: number, givenIntervalMs: number, now: number): number {
  const intervalMs = Math.max(givenIntervalMs, SHORTEST_INTERVAL_MS)
  const missed = Math.floor((now - dueAt) / intervalMs)
  return dueAt + intervalMs * Math.max(1, missed)
}

/** Triggers that start at one instant and stay in step would be polled in one burst for ever. */
const STARTS_PER_MS = 50

/** The first due time of the `index`th of many triggers that start at one instant: at once, 50 a millisecond. */
export function firstDueAt(startAt: number, index: number): number {
  return startAt + Math.floor(index / STARTS_PER_MS)
}

/** The instant at which to wake for a due time: later by a part of the jitter. `random` is in [0, 1). */
export function jitteredAt(dueAt: number, jitterMs: number, random: number): number {
  return jitterMs <= 0 ? dueAt : dueAt + Math.floor(random * (jitterMs + 1))
}

/** How long to wait after the `failures`th failure in a row of something that must not be given up: 0.5 s to 30 s. */
export function troubleDelayMs(failures: number): number {
  return Math.min(30_000, 500 * 2 ** Math.min(failures - 1, 10))
}

/** Which of the events that come to a source are accepted: pure, and the same for every store. */

import type { NewEvents, StreamPosition } from '../../engine/ports.ts'
import type { ValueText } from '../../model/graphs/rows.ts'

/** How far the events of a source are. */
export interface SourceMarks {
  readonly last_sequence: number
  readonly done_sequence: number
}

export interface Acceptance {
  readonly texts: readonly ValueText[]
  /** The places, among those given, of events that were accepted before. */
  readonly repeated: readonly number[]
  /** Of the last one accepted of each partition. */
  readonly positions: readonly StreamPosition[]
}

/** `stored`: the offset of each partition of which there is one. */
export function acceptable(
  { events, maxWaiting }: NewEvents,
  marks: SourceMarks,
  stored: ReadonlyMap<string, number>,
): Acceptance {
  const offsets = new Map(stored)
  const moved = new Map<string, number>()
  const texts: ValueText[] = []
  let room = Math.max(0, maxWaiting - (marks.last_sequence - marks.done_sequence))
  const repeated: number[] = []
  for (const [place, { eventText, position }] of events.entries()) {
    if (position !== undefined && position.offset <= (offsets.get(position.partition) ?? -1)) {
      repeated.push(place)
      continue
    }
    if (room === 0) break
    room -= 1
    texts.push(eventText)
    if (position === undefined) continue
    offsets.set(position.partition, position.offset)
    moved.set(position.partition, position.offset)
  }
  return { texts, repeated, positions: [...moved].map(([partition, offset]) => ({ partition, offset })) }
}

/** Of firings that are read together: lists of state accumulators may be long. */
export const FIRINGS_TEXT_CHARS = 4_000_000

/** How many rows are read together: all whose texts fit, and the first in any case. */
export class TextLimit {
  #left: number
  #isFirst = true

  constructor(maxChars: number) {
    this.#left = maxChars
  }

  /** Whether this one is read, too. */
  takes(text: ValueText): boolean {
    const isTaken = this.#isFirst || text.length <= this.#left
    this.#isFirst = false
    this.#left -= text.length
    return isTaken
  }
}

/** The partitions of which a stored position counts. */
export function partitionsOf({ events }: NewEvents): readonly string[] {
  return [...new Set(events.flatMap(({ position }) => position?.partition ?? []))]
}

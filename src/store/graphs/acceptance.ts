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
  /** How many were accepted before, by their positions. */
  readonly repeated: number
  readonly refused: number
  /** Of the last one accepted of each partition. */
  readonly positions: readonly StreamPosition[]
}

/** `stored`: the offset of each partition of which there is one. */
export function acceptable(
  { events, maxWaiting, countsRefused = true }: NewEvents,
  marks: SourceMarks,
  stored: ReadonlyMap<string, number>,
): Acceptance {
  const offsets = new Map(stored)
  const moved = new Map<string, number>()
  const texts: ValueText[] = []
  let room = Math.max(0, maxWaiting - (marks.last_sequence - marks.done_sequence))
  let repeated = 0
  for (const { eventText, position } of events) {
    if (position !== undefined && position.offset <= (offsets.get(position.partition) ?? -1)) {
      repeated += 1
      continue
    }
    if (room === 0) break
    room -= 1
    texts.push(eventText)
    if (position === undefined) continue
    offsets.set(position.partition, position.offset)
    moved.set(position.partition, position.offset)
  }
  const refused = countsRefused ? events.length - texts.length - repeated : 0
  return { texts, repeated, refused, positions: [...moved].map(([partition, offset]) => ({ partition, offset })) }
}

/** The partitions of which a stored position counts. */
export function partitionsOf({ events }: NewEvents): readonly string[] {
  return [...new Set(events.flatMap(({ position }) => position?.partition ?? []))]
}

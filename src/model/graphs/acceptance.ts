/** Decides which of the new events of a source are accepted. */

import type { ValueText } from './graph-model-rows.ts'
import type { NewEvent } from './stream-events.ts'

/** State of a source that decides whether a delivery is stored. */
export interface FoundLease {
  readonly last_sequence: number
  /** Sequence of the last event that was delivered. */
  readonly done_sequence: number
  readonly lease_number: number
  /** Engine that holds the lease, or null. */
  readonly lease_id: string | null
}

interface Acceptance {
  readonly texts: readonly ValueText[]
  /** Indexes, among the given events, of events that were accepted before. */
  readonly repeated: readonly number[]
  /** Offset of the last accepted event of each partition. */
  readonly positions: ReadonlyMap<string, number>
}

interface OfferedEvents {
  readonly events: readonly NewEvent[]
  readonly maxWaiting: number
}

/** `stored`: stored offset of each partition that has one. */
export function acceptableEvents(
  { events, maxWaiting }: OfferedEvents,
  marks: Pick<FoundLease, 'last_sequence' | 'done_sequence'>,
  stored: ReadonlyMap<string, number>,
): Acceptance {
  const moved = new Map<string, number>()
  const readTo = (partition: string) => moved.get(partition) ?? stored.get(partition) ?? -1
  const texts: ValueText[] = []
  let room = Math.max(0, maxWaiting - (marks.last_sequence - marks.done_sequence))
  const repeated: number[] = []
  for (const [place, { eventText, position }] of events.entries()) {
    if (position !== undefined && position.offset <= readTo(position.partition)) {
      repeated.push(place)
      continue
    }
    if (room === 0) break
    room -= 1
    texts.push(eventText)
    if (position !== undefined) moved.set(position.partition, position.offset)
  }
  return { texts, repeated, positions: moved }
}

/** Returns the partitions whose stored position decides about the events. */
export function positionedPartitions({ events }: Pick<OfferedEvents, 'events'>): readonly string[] {
  if (events.every(({ position }) => position === undefined)) return []
  return [...new Set(events.flatMap(({ position }) => position?.partition ?? []))]
}

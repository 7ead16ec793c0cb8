/** Descriptions of sources in a few words. Pure. */

import type { Source } from '../api/answer-types.ts'
import { shownDuration } from '../parts/durations.ts'

export function sourceKindText({ kind, accumulation }: Source): string {
  const { intervalMs, maxSize, capacity, topic } = (accumulation ?? {}) as {
    readonly intervalMs?: number
    readonly maxSize?: number | null
    readonly capacity?: number
    readonly topic?: string
  }
  switch (kind) {
    case null:
      return 'no function'
    case 'polling':
      return `polled every ${shownDuration(intervalMs ?? 0)}`
    case 'batch':
      return `batch every ${shownDuration(intervalMs ?? 0)}${maxSize == null ? '' : ` or ${maxSize} events`}`
    case 'state':
      return (capacity ?? 0) < 0 ? 'state, keeps all' : `state, keeps ${capacity}`
    case 'stream':
      return `stream ${topic}`
    default:
      return kind
  }
}

export function eventRateText({ eventsLastHour }: Source): string {
  const aMinute = eventsLastHour / 60
  if (eventsLastHour === 0) return '–'
  return `${aMinute < 10 ? aMinute.toFixed(1) : Math.round(aMinute).toLocaleString('en')}/min`
}

/** Returns a stored text, or the length of one that is too long to show. */
export function storedText(text: string | null, length: number): string {
  return text ?? `${length.toLocaleString('en')} characters`
}

/** Returns a range of events: `4 to 6`. */
export function sequenceRange(first: number, last: number): string {
  return first === last ? String(first) : `${first} to ${last}`
}

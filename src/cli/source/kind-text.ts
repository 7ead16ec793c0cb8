/** Description of an accumulator in a few words. Pure. */

import type { Accumulation } from '../../index.ts'
import { formatDuration } from '../print.ts'

/** Null: no script declares a function for the source. */
export function kindText(accumulation: Accumulation | null): string {
  switch (accumulation?.kind) {
    case undefined:
      return 'no function; events are passed on unchanged'
    case 'passthrough':
      return 'passthrough'
    case 'stream': {
      const { type, topic, group } = accumulation
      return `stream: ${type}, topic ${topic}${group === null ? '' : `, group ${group}`}`
    }
    case 'polling':
      return `polling every ${formatDuration(accumulation.intervalMs)}`
    case 'batch': {
      const { intervalMs, maxSize } = accumulation
      return `batch every ${formatDuration(intervalMs)}${maxSize === null ? '' : ` or ${maxSize} events`}`
    }
    case 'state':
      return `state, ${keptText(accumulation.capacity)}`
  }
}

function keptText(capacity: number): string {
  if (capacity < 0) return 'keeps all values'
  return capacity === 0 ? 'keeps no values' : `keeps ${capacity} values`
}

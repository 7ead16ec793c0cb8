/** Decides which values a state accumulator keeps and emits. */

import type { ValueText } from './graph-model-rows.ts'
import type { NewValue } from './stream-events.ts'

interface Emission {
  /** Values to deliver: after each value the whole list, oldest first. */
  readonly values: readonly NewValue[]
  readonly forgotten: number
  readonly added: readonly NewValue[]
}

/** `capacity`: maximum number of kept values. Negative keeps all; 0 keeps and emits none. */
export function emitValues(kept: readonly ValueText[], added: readonly NewValue[], capacity: number): Emission {
  if (capacity === 0) return { values: [], forgotten: kept.length, added: [] }
  const most = capacity < 0 ? Number.POSITIVE_INFINITY : capacity
  const list = kept.slice(Math.max(0, kept.length - most))
  let first = 0
  // One text that grows at the end and shrinks at the start: joining a long list for each value would be slow.
  let joined = list.join(',')
  const values = added.map((value): NewValue => {
    joined = list.length === first ? value.valueText : `${joined},${value.valueText}`
    list.push(value.valueText)
    if (list.length - first > most) {
      joined = joined.slice((list[first]?.length ?? 0) + 1)
      first += 1
    }
    return { ...value, valueText: `[${joined}]` }
  })
  const total = kept.length + added.length
  const forgotten = Math.min(kept.length, Math.max(0, total - most))
  return { values, forgotten, added: added.slice(Math.max(0, added.length - most)) }
}

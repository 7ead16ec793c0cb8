/** Decides which values a state accumulator keeps and emits. */

import type { NewValue } from '../../engine/ports.ts'
import type { ValueText } from '../../model/graphs/rows.ts'

interface Emission {
  /** Values to deliver: after each value the whole list, oldest first. */
  readonly values: readonly NewValue[]
  /** Number of kept values to remove. */
  readonly forgotten: number
  /** New values to keep. */
  readonly added: readonly NewValue[]
}

/** `capacity`: maximum number of kept values. Below 0, all are kept. With 0, none is kept, and nothing is emitted. */
export function emit(kept: readonly ValueText[], added: readonly NewValue[], capacity: number): Emission {
  if (capacity === 0) return { values: [], forgotten: kept.length, added: [] }
  const most = capacity < 0 ? Number.POSITIVE_INFINITY : capacity
  const list = kept.slice(Math.max(0, kept.length - most))
  let first = 0
  // One text that grows behind and shrinks in front: joining a long list for each value costs its length.
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

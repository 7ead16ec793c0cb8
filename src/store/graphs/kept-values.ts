/** What a state accumulator keeps, and what it emits: pure. */

import type { NewValue } from '../../engine/ports.ts'
import type { ValueText } from '../../model/graphs/rows.ts'

export interface Emission {
  /** What is delivered: after each value the whole list, oldest first. */
  readonly values: readonly NewValue[]
  /** How many of the values that were kept go. */
  readonly forgotten: number
  /** Which of the new ones stay. */
  readonly added: readonly NewValue[]
}

/** `capacity`: above 0 the newest so many are kept, below 0 all, and with 0 none, of which nothing is emitted. */
export function emit(kept: readonly ValueText[], added: readonly NewValue[], capacity: number): Emission {
  if (capacity === 0) return { values: [], forgotten: kept.length, added: [] }
  const most = capacity < 0 ? Number.POSITIVE_INFINITY : capacity
  const list = kept.slice(Math.max(0, kept.length - most))
  let first = 0
  // One text that grows behind and shrinks in front: joining a long list anew for each value costs its length.
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

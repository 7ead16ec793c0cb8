/** Which parts the history is divided into, and what becomes of them: the decisions alone. */

import { describe, expect, test } from 'vitest'
import { DAY_MS } from '../../src/store/postgres/schema/families.ts'
import { isLeftWhole, mayHaveOlder, missingPart, overParts, type Part } from '../../src/store/postgres/schema/parts.ts'

const TODAY = 20_000
const NOON = (TODAY + 0.5) * DAY_MS
const MIB = 1024 * 1024
const part = (fromDay: number, untilDay: number, bytes = 0): Part => {
  return { fromDay, untilDay, bytes }
}
const before = part(TODAY - 6, TODAY + 1)

describe('the next part', () => {
  test('begins where the last one ends, and is a week', () => {
    expect(missingPart([before], NOON, undefined)).toEqual({ fromDay: TODAY + 1, untilDay: TODAY + 8 })
    expect(missingPart([before, part(TODAY + 1, TODAY + 8)], NOON, undefined)).toBeNull()
  })

  test('is made two days before it is needed', () => {
    const parts = [part(TODAY - 5, TODAY + 2)]

    expect(missingPart(parts, NOON - DAY_MS, undefined)).toBeNull()
    expect(missingPart(parts, NOON, undefined)).toEqual({ fromDay: TODAY + 2, untilDay: TODAY + 9 })
  })

  test('is a day where there is much, and four weeks where all is kept for good', () => {
    const much = [part(TODAY - 2, TODAY + 1, 200 * MIB)]

    expect(missingPart(much, NOON, 30 * DAY_MS)).toEqual({ fromDay: TODAY + 1, untilDay: TODAY + 2 })
    expect(missingPart(much, NOON, null)).toEqual({ fromDay: TODAY + 1, untilDay: TODAY + 29 })
  })

  test('begins today after a time in which nobody made any, and ends where another begins', () => {
    const parts = [part(TODAY - 90, TODAY - 80), part(TODAY + 3, TODAY + 10)]

    expect(missingPart(parts, NOON, undefined)).toEqual({ fromDay: TODAY, untilDay: TODAY + 3 })
  })
})

describe('a part', () => {
  test('is over when its last day is older than what is kept, the oldest first', () => {
    const parts = [part(TODAY - 10, TODAY - 3), part(TODAY - 20, TODAY - 10), part(TODAY - 3, TODAY + 4)]

    expect(overParts(parts, (TODAY - 3) * DAY_MS)).toEqual([parts[1], parts[0]])
    expect(overParts(parts, (TODAY - 3) * DAY_MS - 1)).toEqual([parts[1]])
  })

  test('that is large and closed is left whole until its own length after it is over', () => {
    const large = part(TODAY - 20, TODAY - 13, 16 * MIB)
    const isLeft = (beforeDay: number) => isLeftWhole(large, beforeDay * DAY_MS, NOON)

    expect([isLeft(TODAY - 15), isLeft(TODAY - 7), isLeft(TODAY - 6)]).toEqual([true, true, false])
    expect(isLeftWhole({ ...large, bytes: 16 * MIB - 1 }, (TODAY - 15) * DAY_MS, NOON)).toBe(false)
    expect(isLeftWhole({ ...large, untilDay: TODAY + 1 }, (TODAY - 15) * DAY_MS, NOON)).toBe(false)
  })

  test('of later days has nothing that is older', () => {
    expect([mayHaveOlder(part(TODAY, TODAY + 1), NOON), mayHaveOlder(part(TODAY + 1, TODAY + 2), NOON)]).toEqual([
      true,
      false,
    ])
  })
})

/** Decisions about the parts of the history, its partitions by time: when to create and when to drop them. */

import { describe, expect, test } from 'vitest'
import { DAY_MS } from '../../src/store/postgres/schema/table-families.ts'
import {
  expiredParts,
  keepsExpiredRows,
  mayHaveOlderRows,
  missingPart,
  type Part,
} from '../../src/store/postgres/schema/table-parts.ts'

const TODAY = 20_000
const NOON = (TODAY + 0.5) * DAY_MS
const MIB = 1024 * 1024
const part = (fromDay: number, untilDay: number, bytes = 0): Part => {
  return { fromDay, untilDay, suffix: '', bytes }
}
const before = part(TODAY - 6, TODAY + 1)

describe('the next part of the history', () => {
  test('begins where the last part ends, and covers a week', () => {
    expect(missingPart([before], NOON, undefined)).toEqual({ fromDay: TODAY + 1, untilDay: TODAY + 8 })
    expect(missingPart([before, part(TODAY + 1, TODAY + 8)], NOON, undefined)).toBeNull()
  })

  test('is created two days before it is needed', () => {
    const parts = [part(TODAY - 5, TODAY + 2)]

    expect(missingPart(parts, NOON - DAY_MS, undefined)).toBeNull()
    expect(missingPart(parts, NOON, undefined)).toEqual({ fromDay: TODAY + 2, untilDay: TODAY + 9 })
  })

  test('covers one day if the history is large, and four weeks if it is kept forever', () => {
    const much = [part(TODAY - 2, TODAY + 1, 200 * MIB)]

    expect(missingPart(much, NOON, 30 * DAY_MS)).toEqual({ fromDay: TODAY + 1, untilDay: TODAY + 2 })
    expect(missingPart(much, NOON, null)).toEqual({ fromDay: TODAY + 1, untilDay: TODAY + 29 })
  })

  test('begins today if the last part ended long ago, and ends where a later part begins', () => {
    const parts = [part(TODAY - 90, TODAY - 80), part(TODAY + 3, TODAY + 10)]

    expect(missingPart(parts, NOON, undefined)).toEqual({ fromDay: TODAY, untilDay: TODAY + 3 })
  })
})

describe('a part of the history', () => {
  test('has expired when its last day is older than the retention; the oldest parts come first', () => {
    const parts = [part(TODAY - 10, TODAY - 3), part(TODAY - 20, TODAY - 10), part(TODAY - 3, TODAY + 4)]

    expect(expiredParts(parts, (TODAY - 3) * DAY_MS)).toEqual([parts[1], parts[0]])
    expect(expiredParts(parts, (TODAY - 3) * DAY_MS - 1)).toEqual([parts[1]])
  })

  test('keeps expired rows for at most its own duration, if it is large and its last day is over', () => {
    const large = part(TODAY - 20, TODAY - 13, 16 * MIB)
    const isLeft = (beforeDay: number) => keepsExpiredRows(large, beforeDay * DAY_MS, NOON)

    expect([isLeft(TODAY - 15), isLeft(TODAY - 7), isLeft(TODAY - 6)]).toEqual([true, true, false])
    expect(keepsExpiredRows({ ...large, bytes: 16 * MIB - 1 }, (TODAY - 15) * DAY_MS, NOON)).toBe(false)
    expect(keepsExpiredRows({ ...large, untilDay: TODAY + 1 }, (TODAY - 15) * DAY_MS, NOON)).toBe(false)
  })

  test('may contain rows older than a time only if it begins before that time', () => {
    expect([
      mayHaveOlderRows(part(TODAY, TODAY + 1), NOON),
      mayHaveOlderRows(part(TODAY + 1, TODAY + 2), NOON),
    ]).toEqual([true, false])
  })
})

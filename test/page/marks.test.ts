/** Positions of the marks of ticks on a timeline. */

import { describe, expect, it } from 'vitest'
import type { Tick, TickOutcome } from '../../src/page/api/answer-types.ts'
import { timeAxis } from '../../src/page/timeline/axis.ts'
import { APART_PX, MARK_PX, shownCount, tickMarks } from '../../src/page/timeline/marks.ts'

/** Scale of ten pixels per second. */
const SCALE = { originAt: 0, pxPerMs: 0.01 }

function tick(outcome: TickOutcome, fromSecond: number, untilSecond = fromSecond, count = 1): Tick {
  const [firstAt, lastAt] = [fromSecond, untilSecond].map((second) => new Date(second * 1_000).toISOString())
  return { id: `${fromSecond}`, outcome, firstAt, lastAt, count } as Tick
}

const marks = (...ticks: readonly Tick[]) => tickMarks(ticks, SCALE).marks

describe('marks on a timeline', () => {
  it('are eight pixels wide around the time of the tick', () => {
    expect(marks(tick('fired', 10))).toMatchObject([{ leftPx: 96, widthPx: MARK_PX, count: 1, worst: 'fired' }])
  })

  it('merge within twenty pixels into one mark with a number, in the colour of the worst outcome', () => {
    const [together, apart] = marks(tick('fired', 10), tick('failed', 11.9), tick('skipped', 13.8), tick('fired', 15.8))

    expect(together).toMatchObject({
      count: 3,
      worst: 'failed',
      counts: { fired: 1, failed: 1, skipped: 1 },
      fromAt: 10_000,
      untilAt: 13_800,
    })
    expect(apart).toMatchObject({ count: 1, worst: 'fired' })
    expect((apart?.leftPx ?? 0) - (together?.leftPx ?? 0) - (together?.widthPx ?? 0)).toBeGreaterThan(0)
  })

  it('become a separate band for a long series of skips, and include a short series in another mark', () => {
    const { bands, marks: others } = tickMarks(
      [tick('skipped', 0, 30, 31), tick('fired', 31), tick('skipped', 32, 33, 2)],
      SCALE,
    )

    expect(bands).toMatchObject([{ leftPx: 0, widthPx: 300, count: 31 }])
    expect(others).toMatchObject([{ count: 3, worst: 'fired' }])
  })

  it('are split at fixed positions in a long series, so that a failure stays visible', () => {
    const row = Array.from({ length: 100 }, (_, second) => tick(second === 50 ? 'failed' : 'fired', second))

    const parts = marks(...row)
    const later = tickMarks(row, { ...SCALE, originAt: 7_000 }).marks

    expect(parts.filter(({ worst }) => worst === 'failed')).toHaveLength(1)
    expect(parts.length).toBeGreaterThan(10)
    expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(100)
    for (const [index, part] of parts.entries()) {
      const next = parts[index + 1]
      if (next !== undefined) expect(part.leftPx + part.widthPx).toBeLessThan(next.leftPx)
      // The marks move together with the timeline.
      expect(part.leftPx - (later[index]?.leftPx ?? 0)).toBeCloseTo(70)
    }
  })

  it('are limited to one per minimum distance for 10,000 ticks', () => {
    const ticks = Array.from({ length: 10_000 }, (_, index) => tick(index % 3 === 0 ? 'failed' : 'fired', index * 0.01))

    expect(marks(...ticks).length).toBeLessThan(1_000 / APART_PX)
  })

  it('show their number in at most three characters', () => {
    expect([7, 999, 1_000, 12_345, 2_500_000].map(shownCount)).toEqual(['7', '999', '1k', '12k', '2M'])
  })
})

describe('the axis of a timeline', () => {
  it('has lines at round times of the shown time zone, with room for their labels', () => {
    const halfPast = 30 * 60_000
    const { stepMs, instants } = timeAxis(Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 3), 1_000, halfPast)

    expect(stepMs).toBe(6 * 3_600_000)
    expect(instants[0]).toBe(Date.UTC(2026, 0, 1, 5, 30))
    expect((stepMs * 1_000) / (2 * 86_400_000)).toBeGreaterThan(84)
  })
})

/** Where ticks stand on a timeline. */

import { describe, expect, it } from 'vitest'
import type { Outcome, Tick } from '../../src/page/api/answers.ts'
import { axisOf } from '../../src/page/timeline/axis.ts'
import { APART_PX, MARK_PX, marksOf, shownCount } from '../../src/page/timeline/marks.ts'

/** Ten pixels a second. */
const SCALE = { originAt: 0, pxPerMs: 0.01 }

function tick(outcome: Outcome, fromSecond: number, untilSecond = fromSecond, count = 1): Tick {
  const [firstAt, lastAt] = [fromSecond, untilSecond].map((second) => new Date(second * 1_000).toISOString())
  return { id: `${fromSecond}`, outcome, firstAt, lastAt, count } as Tick
}

const marks = (...ticks: readonly Tick[]) => marksOf(ticks, SCALE).marks

describe('marks on a timeline', () => {
  it('are eight pixels wide around their instant', () => {
    expect(marks(tick('fired', 10))).toMatchObject([{ leftPx: 96, widthPx: MARK_PX, count: 1, worst: 'fired' }])
  })

  it('that are nearer than twenty pixels are one with a count, in the colour of the worst', () => {
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

  it('leave a run of skips that is wide enough as a band of its own, and take one that is not among them', () => {
    const { bands, marks: others } = marksOf(
      [tick('skipped', 0, 30, 31), tick('fired', 31), tick('skipped', 32, 33, 2)],
      SCALE,
    )

    expect(bands).toMatchObject([{ leftPx: 0, widthPx: 300, count: 31 }])
    expect(others).toMatchObject([{ count: 3, worst: 'fired' }])
  })

  it('in a long row are parted at fixed places, so that it is seen when something went wrong', () => {
    const row = Array.from({ length: 100 }, (_, second) => tick(second === 50 ? 'failed' : 'fired', second))

    const parts = marks(...row)
    const later = marksOf(row, { ...SCALE, originAt: 7_000 }).marks

    expect(parts.filter(({ worst }) => worst === 'failed')).toHaveLength(1)
    expect(parts.length).toBeGreaterThan(10)
    expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(100)
    for (const [index, part] of parts.entries()) {
      const next = parts[index + 1]
      if (next !== undefined) expect(part.leftPx + part.widthPx).toBeLessThan(next.leftPx)
      // The timeline has moved, and they with it.
      expect(part.leftPx - (later[index]?.leftPx ?? 0)).toBeCloseTo(70)
    }
  })

  it('are some dozens at most, however many ticks there are', () => {
    const ticks = Array.from({ length: 10_000 }, (_, index) => tick(index % 3 === 0 ? 'failed' : 'fired', index * 0.01))

    expect(marks(...ticks).length).toBeLessThan(1_000 / APART_PX)
  })

  it('say their count in three signs', () => {
    expect([7, 999, 1_000, 12_345, 2_500_000].map(shownCount)).toEqual(['7', '999', '1k', '12k', '2M'])
  })
})

describe('the axis of a timeline', () => {
  it('has lines at round instants of the zone that is shown, far enough from each other for their labels', () => {
    const halfPast = 30 * 60_000
    const { stepMs, instants } = axisOf(Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 3), 1_000, halfPast)

    expect(stepMs).toBe(6 * 3_600_000)
    expect(instants[0]).toBe(Date.UTC(2026, 0, 1, 5, 30))
    expect((stepMs * 1_000) / (2 * 86_400_000)).toBeGreaterThan(84)
  })
})

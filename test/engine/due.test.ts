/** Due times of polls: calculation of the next due time, and the heap that a single timer serves. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DueEntry, DueHeap, firstDueAt, jitteredAt, nextDueAt } from '../../src/engine/due.ts'

describe('the next due time', () => {
  it.each([
    { story: 'a poll that took no time is due again one interval later', dueAt: 0, every: 1_000, now: 0, next: 1_000 },
    {
      story: 'a poll that took 300 ms is due again one interval after its last due time',
      dueAt: 0,
      every: 1_000,
      now: 300,
      next: 1_000,
    },
    {
      story: 'a poll that took its whole interval is due again immediately',
      dueAt: 0,
      every: 1_000,
      now: 1_000,
      next: 1_000,
    },
    {
      story: 'several missed due times are replaced by the latest one',
      dueAt: 0,
      every: 1_000,
      now: 3_500,
      next: 3_000,
    },
    {
      story: 'a poll with an interval of 0 is due again in the next millisecond',
      dueAt: 50,
      every: 0,
      now: 50,
      next: 51,
    },
    { story: 'a late poll with an interval of 0 is due again immediately', dueAt: 50, every: 0, now: 90, next: 90 },
  ])('$story', ({ dueAt, every, now, next }) => {
    expect(nextDueAt(dueAt, every, now)).toBe(next)
  })

  it('stays a whole number of intervals after the first one, however late the polls end', () => {
    const durations = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 50 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), durations, (intervalMs, durationsMs) => {
        let dueAt = 0
        let now = 0
        for (const durationMs of durationsMs) {
          now = Math.max(now, dueAt) + durationMs
          const next = nextDueAt(dueAt, intervalMs, now)
          expect(next % intervalMs).toBe(0)
          expect(next).toBeGreaterThan(dueAt)
          // At most one poll is due now: the poll after it is due in the future.
          expect(next + intervalMs).toBeGreaterThan(now)
          dueAt = next
        }
      }),
    )
  })

  it('is immediate for 50 triggers that start together, but spread over 200 ms for 10,000 triggers', () => {
    expect(firstDueAt(1_000, 0)).toBe(1_000)
    expect(firstDueAt(1_000, 49)).toBe(1_000)
    expect(firstDueAt(1_000, 9_999)).toBe(1_199)
  })

  it('is delayed by at most the jitter', () => {
    expect(jitteredAt(1_000, 0, 0.9)).toBe(1_000)
    expect(jitteredAt(1_000, 200, 0)).toBe(1_000)
    expect(jitteredAt(1_000, 200, 0.999_999)).toBe(1_200)
  })
})

describe('the heap of due times', () => {
  type Step = { readonly kind: 'push' | 'remove' | 'pop'; readonly entry: number; readonly at: number }
  const steps = fc.array(
    fc.record<Step>({
      kind: fc.constantFrom('push', 'remove', 'pop'),
      entry: fc.integer({ min: 0, max: 15 }),
      at: fc.integer({ min: 0, max: 30 }),
    }),
    { maxLength: 200 },
  )

  it('returns due entries soonest first, after any sequence of pushes, removals and pops', () => {
    fc.assert(
      fc.property(steps, (moves) => {
        const heap = new DueHeap<DueEntry>()
        const entries = Array.from({ length: 16 }, (): DueEntry => ({ unsafeDueAt: 0, unsafeHeapIndex: -1 }))
        const waiting = new Map<DueEntry, number>()
        for (const { kind, entry, at } of moves) {
          const chosen = entries[entry]
          if (chosen === undefined) throw new Error('no such entry')
          if (kind === 'push') {
            heap.push(chosen, at)
            waiting.set(chosen, at)
          } else if (kind === 'remove') {
            heap.remove(chosen)
            waiting.delete(chosen)
          } else {
            const popped = heap.popDue(at)
            const soonest = Math.min(...waiting.values())
            if (popped === null) expect(soonest).toBeGreaterThan(at)
            else {
              expect(waiting.get(popped)).toBe(soonest)
              waiting.delete(popped)
            }
          }
          expect(heap.size).toBe(waiting.size)
          expect(heap.nextDueAt).toBe(Math.min(...waiting.values()))
        }
      }),
    )
  })
})

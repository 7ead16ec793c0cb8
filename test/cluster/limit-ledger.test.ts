/** The ledger of `limits.campaign.ts` finds limits that were exceeded. */

import { describe, expect, it } from 'vitest'
import { executionsOf, mostAtOnce, mostInWindow, type Note, type Suspension, segmentsOf } from './limit-ledger.ts'

const KEY = 'crm:None'

/** Notes of an attempt, whose name is also that of its execution. */
function attempt(name: string, pid: number, ...times: readonly number[]): readonly Note[] {
  return times.map((at, index) => {
    const edge = index === 0 ? 'begin' : 'runs'
    return { attempt: name, of: name, keys: [KEY], pid, edge, at }
  })
}

const most = (notes: readonly Note[], suspensions: readonly Suspension[] = []) =>
  mostAtOnce(segmentsOf(notes, KEY, suspensions)).most

describe('the ledger of limits', () => {
  it('counts attempts that run at the same time, but not one that begins when another ends', () => {
    const first = attempt('first', 1, 0, 50, 100)

    expect(most([...first, ...attempt('second', 2, 100, 150)])).toBe(1)
    expect(most([...first, ...attempt('second', 2, 99, 150)])).toBe(2)
    expect(most([...first, ...attempt('other', 2, 10, 20), ...attempt('last', 3, 30, 40)])).toBe(2)
  })

  it('excuses an attempt while its process is suspended, and for a second afterwards', () => {
    const taken = attempt('taken', 2, 12_000, 14_000)
    const suspension = { pids: new Set([1]), from: 1_000, to: 13_000 }

    expect(most([...attempt('old', 1, 0, 999, 13_100, 13_999), ...taken], [suspension])).toBe(1)
    expect(
      most([...attempt('old', 1, 0, 999, 14_000, 14_050), ...attempt('taken', 2, 12_000, 14_050)], [suspension]),
    ).toBe(2)
    expect(most([...attempt('old', 3, 0, 999, 13_100), ...taken], [suspension])).toBe(2)
  })

  it('counts an execution from its first to its last note', () => {
    const notes = [...attempt('first', 1, 0, 10), ...attempt('first', 2, 200, 210), ...attempt('other', 1, 100, 110)]

    expect(mostAtOnce(executionsOf(notes, KEY, [])).most).toBe(2)
  })

  it('counts the beginnings in a sliding window, at whose end the next one may begin', () => {
    expect(mostInWindow([0, 10, 1_000, 1_010], 1_000)).toBe(2)
    expect(mostInWindow([1_009, 0, 10, 1_000], 1_000)).toBe(3)
  })
})

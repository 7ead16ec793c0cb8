/** Map `TokenMap`, compared with a JavaScript Map for any order of insertions and deletions. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TokenMap } from '../../src/border/by-token.ts'

const BURST = 5_000

function filled(tokens: readonly number[]): TokenMap<{ readonly token: number }> {
  const values = new TokenMap<{ readonly token: number }>()
  for (const token of tokens) values.add(token, { token })
  return values
}

describe('a TokenMap map', () => {
  it('keeps a value while thousands of other values are added and deleted', () => {
    const values = filled([1])
    for (let token = 2; token <= BURST; token++) {
      values.add(token, { token })
      expect(values.delete(token)).toBe(true)
    }

    expect(values.get(1)).toEqual({ token: 1 })
    expect(values.get(BURST)).toBeUndefined()
    expect(values.size).toBe(1)
  })

  it('lists its entries in the order of their tokens', () => {
    const tokens = Array.from({ length: BURST }, (_, index) => index + 1)

    const values = filled(tokens)

    expect(values.entries().map(([token]) => token)).toEqual(tokens)
    expect(values.entries().every(([token, value]) => value.token === token)).toBe(true)
    values.clear()
    expect([values.size, values.entries(), values.get(BURST)]).toEqual([0, [], undefined])
  })

  it('has the same entries as a Map after any order of insertions and deletions', () => {
    // Maps 64 tokens to each of 4 slots of the table, so that tokens collide.
    const token = fc.integer({ min: 0, max: 255 }).map((drawn) => 1 + (drawn % 4) + 1_024 * Math.floor(drawn / 4))
    fc.assert(
      fc.property(fc.array(token, { maxLength: 300 }), (tokens) => {
        const values = filled([])
        const expected = new Map<number, { readonly token: number }>()
        for (const token of tokens) {
          if (expected.delete(token)) expect(values.delete(token)).toBe(true)
          else {
            expect([values.delete(token), values.get(token)]).toEqual([false, undefined])
            expected.set(token, { token })
            values.add(token, { token })
          }
          expect(values.size).toBe(expected.size)
        }
        expect(values.entries()).toEqual([...expected].sort(([one], [other]) => one - other))
      }),
    )
  })
})

/** Values by token behave as in a Map, whichever come, go, and stay. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByToken } from '../../src/border/by-token.ts'

const BURST = 5_000

function filled(tokens: readonly number[]): ByToken<{ readonly token: number }> {
  const values = new ByToken<{ readonly token: number }>()
  for (const token of tokens) values.add(token, { token })
  return values
}

describe('values by token', () => {
  it('are there until they are taken out, also those that stay while thousands come and go', () => {
    const values = filled([1])
    for (let token = 2; token <= BURST; token++) {
      values.add(token, { token })
      expect(values.delete(token)).toBe(true)
    }

    expect(values.get(1)).toEqual({ token: 1 })
    expect(values.get(BURST)).toBeUndefined()
    expect(values.size).toBe(1)
  })

  it('are listed by token, the oldest first', () => {
    const tokens = Array.from({ length: BURST }, (_, index) => index + 1)

    const values = filled(tokens)

    expect(values.entries().map(([token]) => token)).toEqual(tokens)
    expect(values.entries().every(([token, value]) => value.token === token)).toBe(true)
    values.clear()
    expect([values.size, values.entries(), values.get(BURST)]).toEqual([0, [], undefined])
  })

  it('are those of a Map, in whatever order they come and go', () => {
    // Of 64 tokens for each of 4 places, so that they are in one another's way.
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

/** Search for a part in a text, in linear time even if both are repetitive. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linearIndexOf, linearLastIndexOf, linearSplit } from '../../src/patterns/text-search.ts'

const LETTERS = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\u{1F600}'), maxLength: 40 })
const PART = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 })

describe('the search for a text', () => {
  it('returns the same results as the methods of JavaScript', () => {
    fc.assert(
      fc.property(LETTERS, PART, fc.nat(50), (text, part, from) => {
        expect(linearIndexOf(text, part)).toBe(text.indexOf(part))
        expect(linearIndexOf(text, part, from)).toBe(text.indexOf(part, from))
        expect(linearLastIndexOf(text, part)).toBe(text.lastIndexOf(part))
        expect(linearLastIndexOf(text, part, from)).toBe(text.lastIndexOf(part, from))
        expect(linearSplit(text, part)).toEqual(text.split(part))
      }),
    )
  })

  it('takes linear time for a repetitive text and a repetitive part', () => {
    const text = 'a'.repeat(4_000_000)
    const part = `${'a'.repeat(1_000_000)}b${'a'.repeat(1_000_000)}`

    expect([linearIndexOf(text, part), linearLastIndexOf(text, part), linearSplit(text, part)]).toEqual([
      -1,
      -1,
      [text],
    ])
  })
})

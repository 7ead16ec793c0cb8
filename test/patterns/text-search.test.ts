/** Search for texts in texts that repeat themselves. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linearIndexOf, linearLastIndexOf, linearSplit } from '../../src/patterns/text-search.ts'

const LETTERS = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\u{1F600}'), maxLength: 40 })
const PART = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 })

describe('the search for a text', () => {
  it('finds what the methods of JavaScript find', () => {
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

  it('ends soon where both repeat themselves', () => {
    const text = 'a'.repeat(4_000_000)
    const part = `${'a'.repeat(1_000_000)}b${'a'.repeat(1_000_000)}`

    expect([linearIndexOf(text, part), linearLastIndexOf(text, part), linearSplit(text, part)]).toEqual([
      -1,
      -1,
      [text],
    ])
  })
})

/** Property tests: the addon and its TypeScript twin agree, and fingerprints identify values. */

import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bothCodecs } from './cases.ts'
import { anyObject, anyValue, choices, damage, damaged, spell, type Value } from './documents.ts'
import { outcomeOf } from './outcome.ts'

const [native, twin] = bothCodecs()
/** Number of texts for each of the three tests that compare the codecs. */
const DOCUMENTS = 4_000
const MERGES = 2_000

it('both codecs return the same result for any value in any spelling', () => {
  fc.assert(
    fc.property(anyValue, choices, (value, numbers) => {
      expectSameOutcomes(spell(value, numbers))
    }),
    { numRuns: DOCUMENTS },
  )
})

it('both codecs reject a damaged text at the same byte with the same message', () => {
  fc.assert(
    fc.property(anyValue, choices, damage, (value, numbers, fault) => {
      expectSameOutcomes(damaged(spell(value, numbers), fault))
    }),
    { numRuns: DOCUMENTS },
  )
})

it('both codecs reject damaged bytes at the same byte with the same message', () => {
  const byteFault = fc.record({ place: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.nat({ max: 255 }) })
  fc.assert(
    fc.property(anyValue, choices, byteFault, (value, numbers, { place, byte }) => {
      const bytes = Buffer.from(spell(value, numbers))
      bytes[Math.floor(place * bytes.length)] = byte

      expectSameOutcomes(bytes)
    }),
    { numRuns: DOCUMENTS },
  )
})

it('both codecs merge any contexts to the same text', () => {
  fc.assert(
    fc.property(fc.array(anyObject, { maxLength: 4 }), choices, (contexts, numbers) => {
      const texts = contexts.map((context) => spell(context, numbers))

      expect(native.merge(texts)).toBe(twin.merge(texts))
      const [first, ...others] = texts
      if (first === undefined) return
      const both = native.mergeWithFingerprint([first, ...others])
      expect(both).toEqual({ merged: native.merge(texts), fingerprint: native.fingerprint(first) })
      expect(both).toEqual(twin.mergeWithFingerprint([first, ...others]))
    }),
    { numRuns: MERGES },
  )
})

it('all spellings of a value have the same fingerprint', () => {
  fc.assert(
    fc.property(anyValue, choices, choices, (value, numbers, otherNumbers) => {
      expect(native.fingerprint(spell(value, numbers))).toBe(native.fingerprint(spell(value, otherNumbers)))
    }),
  )
})

it('different values have different fingerprints', () => {
  fc.assert(
    fc.property(anyValue, anyValue, choices, (left, right, numbers) => {
      const areSame = isDeepStrictEqual(withSortedKeys(left), withSortedKeys(right))

      expect(native.fingerprint(spell(left, numbers)) === native.fingerprint(spell(right, numbers))).toBe(areSame)
    }),
  )
})

it('merging contexts one by one has the same result as merging all of them together', () => {
  fc.assert(
    fc.property(anyObject, anyObject, anyObject, choices, (first, second, third, numbers) => {
      const texts = [first, second, third].map((context) => spell(context, numbers)) as [string, string, string]

      const inSteps = native.merge([native.merge([texts[0], texts[1]]), texts[2]])

      expect(native.canonicalize(native.merge(texts))).toBe(native.canonicalize(inSteps))
    }),
  )
})

function expectSameOutcomes(text: string | Uint8Array): void {
  for (const call of ['canonicalize', 'fingerprint'] as const) {
    expect(outcomeOf(() => native[call](text))).toEqual(outcomeOf(() => twin[call](text)))
  }
  expect(outcomeOf(() => native.pick(text, 'a'))).toEqual(outcomeOf(() => twin.pick(text, 'a')))
  expect(outcomeOf(() => native.merge([text, '{"a":[1]}']))).toEqual(outcomeOf(() => twin.merge([text, '{"a":[1]}'])))
}

function withSortedKeys(value: Value): unknown {
  switch (value.kind) {
    case 'token':
    case 'string':
      return value
    case 'list':
      return value.items.map(withSortedKeys)
    case 'object':
      return new Map(value.members.map(([key, member]) => [key, withSortedKeys(member)]))
  }
}

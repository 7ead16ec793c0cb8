/**
 * Runs the table of cases through the addon and its TypeScript twin, each text as a string and as bytes.
 * tools/check-native.mjs runs the same table through the C++ parts under sanitizers.
 */

import { describe, expect, it } from 'vitest'
import type { JsonText } from '../../src/native/index.ts'
import { bothCodecs, type CodecCase, cases, textOf } from './cases.ts'
import { outcomeOf } from './outcome.ts'

describe.each(bothCodecs())('the $kind codec', (codec) => {
  describe('canonical form', () => {
    it.each(cases.canonicalize)('$title', (row) => {
      const text = textOf(row.json)

      expectOutcome(row, () => codec.canonicalize(text))
      expectOutcome(row, () => codec.canonicalize(asBytes(text)))
    })

    it.each(cases.canonicalize)('is the canonical form of itself: $title', (row) => {
      const canonical = codec.canonicalize(textOf(row.json))

      expect(codec.canonicalize(canonical)).toBe(canonical)
    })
  })

  it.each(cases.fingerprint)('$title', (row) => {
    const text = textOf(row.json)

    expectOutcome(row, () => codec.fingerprint(text))
    expectOutcome(row, () => codec.fingerprint(asBytes(text)))
  })

  describe('merge', () => {
    it.each(cases.merge)('$title', (row) => {
      const texts = row.jsons.map(textOf)

      expectOutcome(row, () => codec.merge(texts), row.position)
      expectOutcome(row, () => codec.merge(texts.map(asBytes)), row.position)
      const [first, ...others] = texts
      if (first === undefined) return
      expectOutcome(row, () => codec.mergeWithFingerprint([first, ...others]).merged, row.position)
    })
  })

  describe('pick', () => {
    it.each(cases.pick)('$title', (row) => {
      const text = textOf(row.json)

      expectOutcome(row, () => codec.pick(text, row.key))
      expectOutcome(row, () => codec.pick(asBytes(text), row.key))
    })
  })

  describe('rejects', () => {
    it.each(cases.refused)('$title', (row) => {
      const text = textOf(row.json)

      expectOutcome(row, () => codec.canonicalize(text))
      expectOutcome(row, () => codec.fingerprint(asBytes(text)))
      expectOutcome(row, () => codec.pick(text, 'a'))
      expectOutcome(row, () => codec.merge(['{}', text]), 1)
    })

    it('a number instead of a text', () => {
      const noText = 12 as unknown as string

      const calls = [() => codec.canonicalize(noText), () => codec.merge(['{}', noText]), () => codec.pick(noText, 'a')]

      for (const call of calls) expect(outcomeOf(call)).toMatchObject({ code: 'INVALID_ARGUMENT' })
    })
  })

  it('reads small and large texts in any order', () => {
    const texts = [1, 5_000_000, 100_000, 2_000_000, 2].map((length) => `{"a":"${'é'.repeat(length)}"}`)

    for (const text of texts) expect(codec.canonicalize(text)).toBe(text)
    expect(codec.merge(texts)).toBe(texts.at(-1))
  })

  it('reads only the bytes inside a view of a buffer', () => {
    const bytes = Buffer.from('[[1, 2]]')

    expect(codec.canonicalize(bytes.subarray(1, 7))).toBe('[1,2]')
  })

  it('reads a text in shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(6))
    shared.set(Buffer.from('[1, 2]'))

    expect(codec.canonicalize(shared)).toBe('[1,2]')
  })

  it('treats a detached buffer as an empty text', () => {
    const bytes = new Uint8Array([0x31])
    structuredClone(bytes, { transfer: [bytes.buffer] })

    expect(outcomeOf(() => codec.canonicalize(bytes))).toMatchObject({ facts: { byteOffset: 0 } })
  })
})

function expectOutcome(row: CodecCase, call: () => string | null, position?: number): void {
  if (row.byteOffset === undefined) {
    const expected = row.result === null || row.result === undefined ? null : textOf(row.result)
    expect(outcomeOf(call)).toEqual({ result: expected })
  } else {
    const path = position === undefined ? {} : { path: `[${position}]` }
    expect(outcomeOf(call)).toMatchObject({ code: 'INVALID_CONTEXT', facts: { byteOffset: row.byteOffset, ...path } })
  }
}

/** Returns the text as bytes if UTF-8 can encode it, and otherwise unchanged. */
function asBytes(text: JsonText): JsonText {
  return typeof text === 'string' && text.isWellFormed() ? Buffer.from(text) : text
}

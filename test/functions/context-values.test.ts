import fc from 'fast-check'
import { expect, it } from 'vitest'
import { frozenContext, patchedText } from '../../src/functions/context-values.ts'
import { codec } from '../../src/native/index.ts'

function patched(text: string, returned: unknown): string {
  return patchedText(text, frozenContext(text), returned)
}

it('keeps the members unchanged that a task does not return', () => {
  const input = '{"price": 1.0, "big": 1152921504606846976, "e": 1e2, "n": {"x": 0.10}}'

  expect(patched(input, { added: 1 })).toBe(
    '{"price": 1.0, "big": 1152921504606846976, "e": 1e2, "n": {"x": 0.10},"added":1}',
  )
  expect(patched(input, { price: 2 })).toBe('{"price":2,"big":1152921504606846976,"e":1e2,"n":{"x": 0.10}}')
})

it('keeps the text of the context unchanged if a task returns nothing', () => {
  const input = ' { "a" : 1.0 } '

  expect(patched(input, undefined)).toBe(input)
  expect(patched(input, {})).toBe(input)
})

it('replaces members by returned members, without merging', () => {
  expect(patched('{"a":{"x":1},"list":[1,2]}', { a: { y: 2 }, list: [3] })).toBe('{"a":{"y":2},"list":[3]}')
})

it.each(['{}', ' { } ', '{\n}'])('accepts the empty context %j', (input) => {
  expect(patched(input, { a: 1 })).toBe('{"a":1}')
})

it('freezes every level of a deeply nested context', () => {
  const context = frozenContext(`{"a":${'['.repeat(500)}{"b":1}${']'.repeat(500)}}`)

  let inner: unknown = context.a
  while (Array.isArray(inner)) {
    expect(Object.isFrozen(inner)).toBe(true)
    inner = inner[0]
  }
  expect(Object.isFrozen(inner)).toBe(true)
})

it('adds returned members to any context like an assignment of each member', () => {
  const members = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())
  fc.assert(
    fc.property(members, members, fc.nat(3), (input, returned, spaces) => {
      const text = JSON.stringify(input, null, spaces)
      const expected = new Map([...Object.entries(input), ...Object.entries(returned)])

      const left = patched(text, returned)

      expect(codec.canonicalize(left)).toBe(
        codec.canonicalize(
          `{${[...expected].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`,
        ),
      )
    }),
  )
})

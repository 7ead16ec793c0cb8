import fc from 'fast-check'
import { expect, it } from 'vitest'
import { memberTexts, objectText } from '../../src/authoring/json-text.ts'

class Order {
  readonly id = 7
}

const cyclic: Record<string, unknown> = { id: 7 }
cyclic.self = { back: cyclic }

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = { a: value }
  return value
}

const sparse: unknown[] = [1, 2, 3]
delete sparse[1]

it.each([
  [
    'a Date',
    { lines: [1, 2, 3, { when: new Date(0) }] },
    'context.lines[3].when: a Date is not a JSON value; use .toISOString()',
  ],
  ['undefined', { a: undefined }, 'context.a: undefined is not a JSON value; omit the key, or use null'],
  ['a function', { a: { b: () => 1 } }, 'context.a.b: a function is not a JSON value; return its result'],
  [
    'an instance',
    { order: new Order() },
    'context.order: an instance of Order is not a JSON value; return a plain object with its data',
  ],
  ['a Map', { 'odd key': new Map() }, 'context["odd key"]: a Map is not a JSON value; use Object.fromEntries(map)'],
  ['a cycle', cyclic, 'context.self.back: it contains itself, which JSON cannot represent'],
  ['NaN', { n: Number.NaN }, 'context.n: NaN is not a JSON value; use null, or a string'],
  ['Infinity', { n: [Number.POSITIVE_INFINITY] }, 'context.n[0]: Infinity is not a JSON value; use null, or a string'],
  [
    'a large bigint',
    { n: 2n ** 60n },
    `context.n: ${2n ** 60n}n exceeds 2^53, so JavaScript would read a different number; use a string`,
  ],
  ['a hole', { list: sparse }, 'context.list[1]: the array has no element here; use null'],
  ['a symbol', { s: Symbol('x') }, 'context.s: a symbol is not a JSON value; use a string'],
  [
    'a key that is a symbol',
    { a: { [Symbol('x')]: 1 } },
    'context.a: its key Symbol(x) is a symbol, which JSON cannot represent; use a string',
  ],
  ['toJSON', { a: { toJSON: () => 1 } }, 'context.a: it has a toJSON method; return the result of that method'],
  [
    'half of a surrogate pair',
    { a: '\ud800' },
    'context.a: it contains half of a surrogate pair, which is not valid text: "\\ud800"',
  ],
  ['an array at the top', [1], 'context: a context must be an object, not an array'],
  ['a string at the top', 'done', 'context: a context must be an object, not a string; return an object, or nothing'],
  ['null at the top', null, 'context: a context must be an object, not null; return an object, or nothing'],
  ['a promise', { a: Promise.resolve(1) }, 'context.a: a Promise is not a JSON value; await it first'],
])('rejects %s with its path and a remedy', (_what, value, message) => {
  expect(() => memberTexts(value, 'context')).toThrow(message)
})

it('rejects a property that throws when read, with the thrown error as the cause', () => {
  const cause = new Error('gone')
  const value = {
    get order() {
      throw cause
    },
  }

  expect(() => objectText(value, 'context')).toThrow(expect.objectContaining({ path: 'context.order', cause }))
})

it('accepts 512 levels of nesting, and rejects 513', () => {
  expect(() => objectText(nested(512), 'context')).not.toThrow()
  expect(() => objectText(nested(513), 'context')).toThrow(/nested deeper than 512 levels/)
})

it('writes a bigint in the range of exact numbers as a number', () => {
  expect(objectText({ n: 2n ** 53n - 1n, m: -7n }, 'context')).toBe('{"n":9007199254740991,"m":-7}')
})

it('accepts plain objects without a prototype and of another realm', async () => {
  const { runInNewContext } = await import('node:vm')
  const bare = Object.assign(Object.create(null), { a: 1 })

  expect(objectText({ bare, foreign: runInNewContext('({ list: [1, { b: 2 }] })') }, 'context')).toBe(
    '{"bare":{"a":1},"foreign":{"list":[1,{"b":2}]}}',
  )
})

it('writes the same value as JSON.stringify for every JSON value', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (value) => {
      expect(JSON.parse(objectText(value, 'context'))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

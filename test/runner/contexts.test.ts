/** Contexts that a program passes to the Node API: valid ones are kept unchanged, others are rejected with a path. */

import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { checkedContextText, type JsonObject, toContextText } from '../../src/model/context.ts'

/** Returns an object that is nested to the given number of levels. */
function nested(levels: number, innermost: unknown = {}): JsonObject {
  let value = innermost
  for (let level = 2; level < levels; level++) value = level % 2 === 0 ? { next: value } : [value]
  return { outermost: value } as JsonObject
}

const nestedText = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`

function refusalOf(call: () => unknown): UsageError {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return error as UsageError
  }
  throw new Error('It was not refused.')
}

const anything = (value: unknown) => value as JsonObject

describe('a context given as a JavaScript object', () => {
  it('is written as JSON, also with keys like "__proto__" and "toJSON"', () => {
    const value = anything(JSON.parse('{"__proto__":{"constructor":1},"toJSON":2,"list":[1,"ü😀",null,true]}'))

    expect(toContextText(value)).toBe('{"__proto__":{"constructor":1},"toJSON":2,"list":[1,"ü😀",null,true]}')
  })

  it('is rejected with the path of the first value nested more than 512 levels deep', () => {
    expect(() => toContextText(nested(511))).not.toThrow()
    expect(() => toContextText(nested(512, []))).not.toThrow()
    const refusal = refusalOf(() => toContextText(nested(513, [])))

    expect(refusal).toMatchObject({ code: 'INVALID_CONTEXT', message: expect.stringContaining('512 levels') })
    expect(refusal.facts.path).toMatch(/^context\.outermost(\.next|\[0\]){511}$/)
  })

  it('is rejected if it contains itself, but may contain one object twice', () => {
    const cyclic: { [key: string]: unknown } = { order: { lines: [] } }
    ;(cyclic.order as { lines: unknown[] }).lines.push(0, cyclic.order)
    const shared = { a: 1 }

    expect(refusalOf(() => toContextText(anything(cyclic)))).toMatchObject({
      code: 'INVALID_CONTEXT',
      facts: { path: 'context.order.lines[1]' },
      message: expect.stringContaining('contains itself'),
    })
    expect(toContextText(anything({ one: shared, two: [shared] }))).toBe('{"one":{"a":1},"two":[{"a":1}]}')
  })

  const cause = new Error('on purpose')
  const fail = () => {
    throw cause
  }

  it.each<[string, unknown, string]>([
    ['a getter', { a: Object.defineProperty({}, 'b c', { get: fail, enumerable: true }) }, 'context.a["b c"]'],
    ['a proxy that lists no keys', { a: [new Proxy({}, { ownKeys: fail })] }, 'context.a[0]'],
    ['a proxy that gives no values', { a: new Proxy({ b: 1 }, { get: fail }) }, 'context.a'],
    ['a proxy without a prototype', new Proxy({}, { getPrototypeOf: fail }), 'context'],
    ['a toJSON method', { a: { toJSON: fail } }, 'context.a'],
    ['a toJSON method that is not enumerable', Object.defineProperty({ a: 1 }, 'toJSON', { value: fail }), 'context'],
  ])('is rejected with the error as the cause when %s throws', (_, value, path) => {
    expect(refusalOf(() => toContextText(anything(value)))).toMatchObject({
      code: 'INVALID_CONTEXT',
      facts: { path },
      cause,
    })
  })

  it.each<[unknown, string]>([
    [{ a: undefined }, 'context.a'],
    [{ a: Object.assign([1], { length: 2 }) }, 'context.a[1]'],
    [{ a: 7n }, 'context.a'],
    [{ a: Number.NaN }, 'context.a'],
    [{ a: new Map() }, 'context.a'],
    [{ a: '\ud800' }, 'context.a'],
    [{ a: { '\udc00': 1 } }, 'context.a'],
    [[], 'context'],
    [null, 'context'],
    ['text', 'context'],
    [{ a: { toJSON: () => new Date(0) } }, 'context.a'],
  ])('is rejected with the path of the value that is not JSON: %o', (value, path) => {
    expect(refusalOf(() => toContextText(anything(value)))).toMatchObject({ code: 'INVALID_CONTEXT', facts: { path } })
  })

  it('is rejected with the path of a revoked proxy', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()

    expect(refusalOf(() => toContextText(anything({ a: proxy }))).facts.path).toBe('context.a')
  })

  it('is converted with one read of each property', () => {
    let reads = 0
    const value = Object.defineProperty({}, 'changing', { enumerable: true, get: () => (reads++ === 0 ? 1 : fail()) })

    expect(toContextText(anything(value))).toBe('{"changing":1}')
  })

  it('is written as the result of toJSON where a value has that method', () => {
    expect(toContextText(anything({ a: { toJSON: () => ({ b: 1 }) } }))).toBe('{"a":{"b":1}}')
  })
})

describe('a context given as text', () => {
  it('is kept verbatim', () => {
    const text = ' {"float": 1.0, "long": 12345678901234567890123, "pair": "\\ud83d\\ude00"}\n'

    expect(checkedContextText(text)).toBe(text)
  })

  it('is rejected with the path of the first array nested more than 512 levels deep', () => {
    expect(() => checkedContextText(nestedText(512))).not.toThrow()
    for (const levels of [513, 100_000]) {
      const { code, facts } = refusalOf(() => checkedContextText(nestedText(levels)))
      expect(code).toBe('INVALID_CONTEXT')
      expect(facts.path).toBe(`context.a${'[0]'.repeat(511)}`)
    }
  })

  it.each([
    '{"a": "\\ud800"}',
    '{"a": "\ud800"}',
    '{"\\uDC00": 1}',
    '{"a\ud800": 1, "a": 2}',
    '{"a": 1e999}',
    '{"a": NaN}',
    '[]',
    'null',
    '{',
    '',
    undefined as unknown as string,
    7 as unknown as string,
  ])('is rejected if it is not a JSON object that Python can read: %o', (text) => {
    expect(refusalOf(() => checkedContextText(text)).code).toBe('INVALID_CONTEXT')
  })
})

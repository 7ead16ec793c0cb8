/** Contexts at the door of the Node API: what is taken as it is, and what is refused, with its place. */

import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { checkedContextText, contextTextOf, type JsonObject } from '../../src/model/context.ts'

/** An object in an object, so many levels deep. */
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
  it('is written as JSON, with keys of any name', () => {
    const value = anything(JSON.parse('{"__proto__":{"constructor":1},"toJSON":2,"list":[1,"ü😀",null,true]}'))

    expect(contextTextOf(value)).toBe('{"__proto__":{"constructor":1},"toJSON":2,"list":[1,"ü😀",null,true]}')
  })

  it('is nested at most 512 levels deep, itself being the first', () => {
    expect(() => contextTextOf(nested(511))).not.toThrow()
    expect(() => contextTextOf(nested(512, []))).not.toThrow()
    const refusal = refusalOf(() => contextTextOf(nested(513, [])))

    expect(refusal).toMatchObject({ code: 'INVALID_CONTEXT', message: expect.stringContaining('512 levels') })
    expect(refusal.facts.path).toMatch(/^context\.outermost(\.next|\[0\]){511}$/)
  })

  it('does not contain itself; what it contains twice is written twice', () => {
    const cyclic: { [key: string]: unknown } = { order: { lines: [] } }
    ;(cyclic.order as { lines: unknown[] }).lines.push(0, cyclic.order)
    const shared = { a: 1 }

    expect(refusalOf(() => contextTextOf(anything(cyclic)))).toMatchObject({
      code: 'INVALID_CONTEXT',
      facts: { path: 'context.order.lines[1]' },
      message: expect.stringContaining('contains itself'),
    })
    expect(contextTextOf(anything({ one: shared, two: [shared] }))).toBe('{"one":{"a":1},"two":[{"a":1}]}')
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
    ['toJSON', { a: { toJSON: fail } }, 'context.a'],
    ['toJSON that is not listed', Object.defineProperty({ a: 1 }, 'toJSON', { value: fail }), 'context'],
  ])('is refused with the cause when %s throws', (_, value, path) => {
    expect(refusalOf(() => contextTextOf(anything(value)))).toMatchObject({
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
  ])('is refused with the place of what is no JSON: %o', (value, path) => {
    expect(refusalOf(() => contextTextOf(anything(value)))).toMatchObject({ code: 'INVALID_CONTEXT', facts: { path } })
  })

  it('is refused with the place of a proxy that was revoked', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()

    expect(refusalOf(() => contextTextOf(anything({ a: proxy }))).facts.path).toBe('context.a')
  })

  it('reads each property once: what was checked is what is written', () => {
    let reads = 0
    const value = Object.defineProperty({}, 'changing', { enumerable: true, get: () => (reads++ === 0 ? 1 : fail()) })

    expect(contextTextOf(anything(value))).toBe('{"changing":1}')
  })

  it('may have a toJSON method, which says what it stands for', () => {
    expect(contextTextOf(anything({ a: { toJSON: () => ({ b: 1 }) } }))).toBe('{"a":{"b":1}}')
  })
})

describe('a context given as text', () => {
  it('is kept to the letter', () => {
    const text = ' {"float": 1.0, "long": 12345678901234567890123, "pair": "\\ud83d\\ude00"}\n'

    expect(checkedContextText(text)).toBe(text)
  })

  it('is nested at most 512 levels deep, itself being the first', () => {
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
  ])('is refused where Python could not read it: %o', (text) => {
    expect(refusalOf(() => checkedContextText(text)).code).toBe('INVALID_CONTEXT')
  })
})

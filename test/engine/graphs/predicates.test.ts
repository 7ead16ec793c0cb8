/** Predicates of subscriptions, in CEL. */

import { describe, expect, it } from 'vitest'
import { predicateOf } from '../../../src/engine/graphs/predicates.ts'

function holds(expression: string, payloadText: string): boolean {
  return predicateOf(expression)({ payloadText, reactor: 'temps' }, 'public')
}

describe('a predicate', () => {
  it.each([
    ['payload.price > 10.0', '{"price":12.5}', true],
    ['payload.price > 10.0', '{"price":9}', false],
    ['payload.price > 10', '{"price":10.5}', true],
    ['payload.count == 11.0', '{"count":11}', true],
    ['payload.count == 11', '{"count":11.0}', true],
    ['payload.count in [1, 11]', '{"count":11.0}', true],
    ['1.0 == 1 && 1 == 1.0 && 1 != 1.5', '{}', true],
    ['double(payload.n) == 11', '{"n":11}', true],
    ['payload.xs == [1, "a", null]', '{"xs":[1.0,"a",null]}', true],
    ['payload.big == 9007199254740993', '{"big":9007199254740993}', true],
    ['payload.big == 9007199254740993', '{"big":9007199254740992}', false],
    ['payload.probe == null', '{"probe":null}', true],
    ['has(payload.probe) && payload.probe.c > 80', '{"probe":{"c":91}}', true],
    ['has(payload.probe) && payload.probe.c > 80', '{}', false],
    ['payload.tags.exists(t, t == "hot")', '{"tags":["cold","hot"]}', true],
    ['payload.name.startsWith("ab")', '{"name":"abc"}', true],
    ['reactor == "temps" && tenant == "public"', '{}', true],
    ['payload["a key"] == "x"', '{"a key":"x"}', true],
  ])('%s for %s is %s', (expression, payloadText, expected) => {
    expect(holds(expression, payloadText)).toBe(expected)
  })

  it.each([
    ['payload.', /Invalid predicate expression: /],
    ['', /Invalid predicate expression: /],
    [
      'foo > 1',
      /Invalid predicate expression: unknown variable\(s\): foo\. Available variables are: payload, reactor, tenant/,
    ],
    ['foo > bar', /unknown variable\(s\): foo, bar\. /],
    ['1 + 1', /it gives int, and has to give a bool/],
    ['"text"', /it gives string/],
  ])('"%s" is refused before anybody subscribes by it', (expression, message) => {
    expect(() => predicateOf(expression)).toThrow(
      expect.objectContaining({ code: 'INVALID_PREDICATE', message: expect.stringMatching(message) }),
    )
  })

  it('has no answer where a key is missing, and where what it gives is not a bool', () => {
    expect(() => holds('payload.missing > 1', '{}')).toThrow('No such key')
    expect(() => holds('payload.value', '{"value":7}')).toThrow('it gives an int, and not a bool')
  })

  it('reads keys that mean something to JavaScript as any other', () => {
    expect(holds('payload["__proto__"] == 1', '{"__proto__":1}')).toBe(true)
    expect(holds('has(payload.constructor)', '{}')).toBe(false)
  })
})

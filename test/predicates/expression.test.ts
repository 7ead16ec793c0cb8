/** Predicates of subscriptions, in CEL. */

import { describe, expect, it } from 'vitest'
import { PredicateRefused, predicateOf } from '../../src/predicates/expression.ts'

const LIMITS = { predicateTimeoutMs: 1_000, predicateSteps: 100_000 }

function holds(expression: string, payloadText: string, limits = LIMITS): boolean {
  return predicateOf(expression)({ firing: { payloadText, reactor: 'temps' }, tenant: 'public', limits })
}

/** `cel.bind(x1, x0 + x0, cel.bind(x2, x1 + x1, …))` */
function doubled(of: string, times: number, expression: string): string {
  let whole = expression
  for (let time = times; time > 0; time--) {
    const before = time === 1 ? of : `x${time - 1}`
    whole = `cel.bind(x${time}, ${before} + ${before}, ${whole})`
  }
  return whole
}

function repeated(elements: number, letters: number): string {
  return JSON.stringify({ xs: Array.from({ length: elements }, () => 0), t: 'a'.repeat(letters) })
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
    ['payload.', /Expected IDENTIFIER/],
    ['', /Unexpected token/],
    ['foo > 1', /^unknown variable\(s\): foo\. Available variables are: payload, reactor, tenant/],
    ['foo > bar', /unknown variable\(s\): foo, bar\. /],
    ['1 + 1', /the expression returns int, but must return a bool/],
    ['"text"', /the expression returns string/],
    ['payload.a == "\0"', /^the expression contains U\+0000\. Write it as \\u0000$/],
    ['payload.a.matches("(?=a)")', /invalid regular expression "\(\?=a\)": .*RE2/],
    ['[1].all(i, payload.a.matches("a{1000}b{1000}c{1000}d{1000}e{1000}f{1000}"))', /the pattern is too large/],
    [`payload.a == 1${' '.repeat(10_000)}`, /longer than 10000 characters/],
  ])('"%s" is refused before anybody subscribes by it', (expression, message) => {
    expect(() => predicateOf(expression)).toThrow(PredicateRefused)
    expect(() => predicateOf(expression)).toThrow(message)
  })

  it('has no answer where a key is missing, and where what it gives is not a bool', () => {
    expect(() => holds('payload.missing > 1', '{}')).toThrow('No such key')
    expect(() => holds('payload.value', '{"value":7}')).toThrow('the expression returns an int, not a bool')
  })

  describe('over a budget', () => {
    const list = (count: number) => `[${Array.from({ length: count }, (_, index) => index).join()}]`
    const nested = 'payload.all(a, payload.all(b, payload.all(c, payload.all(d, a + b + c + d >= 0))))'

    it.each([
      ['nested loops', nested, list(1_000)],
      ['loops below "or" and "and", which go on after errors', `false || (${nested} && true)`, list(1_000)],
      [
        'a loop of loops that may fail',
        'payload.exists(a, payload.exists(b, payload.exists(c, a / b < 0)))',
        list(1_000),
      ],
      ['a list that doubles', doubled('payload', 40, 'size(x40) > 0'), list(1_000)],
      ['a text that doubles', doubled('payload', 40, 'x40.contains("b")'), JSON.stringify('a'.repeat(1_000))],
      ['one long text many times', 'payload.xs.map(x, payload.t).join("").size() > 0', repeated(1_000, 1_000_000)],
      [
        'a separator many times',
        '[payload.t, "a"].map(x, payload.xs.map(y, "").join(payload.t)) == []',
        repeated(1_000, 1_000_000),
      ],
    ])('has no answer: %s', (_, expression, payloadText) => {
      expect(() => holds(expression, payloadText)).toThrow(
        'the evaluation takes more than 100000 steps (limits.predicate-steps)',
      )
    })

    it('has no answer after so much computing time', () => {
      const limits = { predicateTimeoutMs: 1, predicateSteps: 1e9 }

      expect(() => holds(nested, list(1_000), limits)).toThrow('the evaluation takes more than 1 ms (limits.predicate)')
    })

    it('has an answer where the parts of a thousand elements are looked at', () => {
      expect(holds('payload.all(x, x >= 0 && x < 1000 && x % 1 == 0)', list(1_000))).toBe(true)
    })

    it('starts again with each firing', () => {
      const predicate = predicateOf('payload.all(x, payload.all(y, x + y >= 0))')
      const ask = (count: number) =>
        predicate({ firing: { payloadText: list(count), reactor: 'temps' }, tenant: 'public', limits: LIMITS })

      for (let time = 0; time < 10; time++) expect(ask(80)).toBe(true)
      expect(() => ask(1_000)).toThrow('100000 steps')
      expect(ask(80)).toBe(true)
    })
  })

  it.each([
    ['payload.matches("(a+)+$")', `${'a'.repeat(100_000)}!`, false],
    ['payload.matches("^(a|a)*$")', `${'a'.repeat(100_000)}!`, false],
    ['payload.matches("^(\\\\w+\\\\s?)*$")', `${'ab '.repeat(30_000)}!`, false],
    ['payload.matches("^é.$")', 'é\u{1F600}', true],
    ['payload.contains("ab" + payload)', 'a'.repeat(100_000), false],
    ['"a".matches(payload)', '(a+)+$', true],
  ])('%s takes a time that grows with the text alone', (expression, text, expected) => {
    expect(holds(expression, JSON.stringify(text))).toBe(expected)
  })

  it('has no answer where a payload brings a pattern that cannot be used', () => {
    expect(() => holds('"a".matches(payload)', '"(?<=a)b"')).toThrow(/^invalid regular expression "\(\?<=a\)b"/)
    expect(() => holds('"a".matches(payload)', '"[a-z]{1000}[a-z]{1000}[a-z]{1000}[a-z]{1000}[a-z]{1000}"')).toThrow(
      'the pattern is too large',
    )
  })

  it('refuses a duration that would be searched through again and again', () => {
    expect(() => holds('duration(payload) > duration("1s")', `"${'1'.repeat(100_000)}"`)).toThrow('Invalid duration')
    expect(holds('duration(payload) > duration("1s")', '"1h30m"')).toBe(true)
  })

  it('reads keys that mean something to JavaScript as any other', () => {
    expect(holds('payload["__proto__"] == 1', '{"__proto__":1}')).toBe(true)
    expect(holds('has(payload.constructor)', '{}')).toBe(false)
  })
})

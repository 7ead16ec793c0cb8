/** Predicates of subscriptions, in CEL. */

import { describe, expect, it } from 'vitest'
import { compilePredicate, PredicateRefused } from '../../src/predicates/expression.ts'

const LIMITS = { predicateTimeoutMs: 1_000, predicateSteps: 100_000 }

function holds(expression: string, payloadText: string, limits = LIMITS): boolean {
  return compilePredicate(expression).holds({ firing: { payloadText, reactor: 'temps' }, tenant: 'public', limits })
}

/** Returns the expression `cel.bind(x1, x0 + x0, cel.bind(x2, x1 + x1, …))`. */
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
  ])('"%s" is rejected when the predicate is created', (expression, message) => {
    expect(() => compilePredicate(expression)).toThrow(PredicateRefused)
    expect(() => compilePredicate(expression)).toThrow(message)
  })

  it('fails if a key is missing or its result is not a bool', () => {
    expect(() => holds('payload.missing > 1', '{}')).toThrow('No such key')
    expect(() => holds('payload.value', '{"value":7}')).toThrow('the expression returns an int, not a bool')
  })

  describe('with a budget of steps and computing time', () => {
    const list = (count: number) => `[${Array.from({ length: count }, (_, index) => index).join()}]`
    const nested = 'payload.all(a, payload.all(b, payload.all(c, payload.all(d, a + b + c + d >= 0))))'

    it.each([
      ['nested loops', nested, list(1_000)],
      ['loops below "or" and "and", which continue after errors', `false || (${nested} && true)`, list(1_000)],
      ['nested loops that may fail', 'payload.exists(a, payload.exists(b, payload.exists(c, a / b < 0)))', list(1_000)],
      ['a list that doubles 40 times', doubled('payload', 40, 'size(x40) > 0'), list(1_000)],
      ['a text that doubles 40 times', doubled('payload', 40, 'x40.contains("b")'), JSON.stringify('a'.repeat(1_000))],
      [
        'a long text that is joined 1,000 times',
        'payload.xs.map(x, payload.t).join("").size() > 0',
        repeated(1_000, 1_000_000),
      ],
      [
        'a long separator that is used 1,000 times',
        '[payload.t, "a"].map(x, payload.xs.map(y, "").join(payload.t)) == []',
        repeated(1_000, 1_000_000),
      ],
    ])('fails because of %s', (_, expression, payloadText) => {
      expect(() => holds(expression, payloadText)).toThrow(
        'the evaluation takes more than 100000 steps (limits.predicate-steps)',
      )
    })

    it('fails if it exceeds the limit of computing time', () => {
      const limits = { predicateTimeoutMs: 1, predicateSteps: 1e9 }

      expect(() => holds(nested, list(1_000), limits)).toThrow('the evaluation takes more than 1 ms (limits.predicate)')
    })

    it('fails if a single operation exceeds the limit of computing time', () => {
      const limits = { predicateTimeoutMs: 0.01, predicateSteps: 1e9 }
      // Takes 25 ms or more. Linux adds computing time to a thread only at its ticks, of up to 10 ms.
      const text = JSON.stringify('a'.repeat(3_000_000))

      expect(() => holds('payload.matches("(a+)+$") || true', text, limits)).toThrow('takes more than 0.01 ms')
    })

    it('has a result for a simple condition on 1,000 elements', () => {
      expect(holds('payload.all(x, x >= 0 && x < 1000 && x % 1 == 0)', list(1_000))).toBe(true)
    })

    it('gets a new budget for each firing', () => {
      const predicate = compilePredicate('payload.all(x, payload.all(y, x + y >= 0))')
      const ask = (count: number) =>
        predicate.holds({ firing: { payloadText: list(count), reactor: 'temps' }, tenant: 'public', limits: LIMITS })

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
  ])('%s is evaluated in linear time', (expression, text, expected) => {
    expect(holds(expression, JSON.stringify(text))).toBe(expected)
  })

  it('fails if the payload contains an invalid or too large pattern', () => {
    expect(() => holds('"a".matches(payload)', '"(?<=a)b"')).toThrow(/^invalid regular expression "\(\?<=a\)b"/)
    expect(() => holds('"a".matches(payload)', '"[a-z]{1000}[a-z]{1000}[a-z]{1000}[a-z]{1000}[a-z]{1000}"')).toThrow(
      'the pattern is too large',
    )
  })

  it('rejects a duration of 100,000 digits without backtracking, and accepts a short duration', () => {
    expect(() => holds('duration(payload) > duration("1s")', `"${'1'.repeat(100_000)}"`)).toThrow('Invalid duration')
    expect(holds('duration(payload) > duration("1s")', '"1h30m"')).toBe(true)
  })

  it('treats the keys "__proto__" and "constructor" like any other key', () => {
    expect(holds('payload["__proto__"] == 1', '{"__proto__":1}')).toBe(true)
    expect(holds('has(payload.constructor)', '{}')).toBe(false)
  })
})

/** Values of forms, with hostile schemas and values. */

import { expect, test } from 'vitest'
import { formProblems, unusableForm } from '../../src/forms/form-values.ts'

test('returns the path of each wrong value', () => {
  const item = { type: 'object', properties: { price: { type: 'number' } }, required: ['price'] }
  const form = {
    type: 'object',
    properties: { items: { type: 'array', items: item }, 'a/b': { enum: ['x', 'y'] }, day: { format: 'date' } },
    additionalProperties: false,
  }
  const values = { items: [{ price: 1 }, {}, { price: 'x' }], 'a/b': 'z', day: 'no', more: 1 }

  expect(formProblems(form, values).toSorted((one, other) => (one.path < other.path ? -1 : 1))).toEqual([
    { path: 'a/b', message: 'must be equal to one of the allowed values' },
    { path: 'day', message: 'must match format "date"' },
    { path: 'items[1].price', message: 'is missing' },
    { path: 'items[2].price', message: 'must be number' },
    { path: 'more', message: 'is not a value of the form' },
  ])
  expect(formProblems(form, { items: [{ price: 1 }], 'a/b': 'x', day: '2026-01-31' })).toEqual([])
})

test('matches a pattern that backtracks in linear time', () => {
  const form = { properties: { name: { type: 'string', pattern: '^(a+)+$' } } }

  expect(formProblems(form, { name: `${'a'.repeat(100_000)}!` })).toMatchObject([{ path: 'name' }])
  expect(formProblems(form, { name: 'aaa' })).toEqual([])
})

test.each([
  [0.01, 19.99, true],
  [0.01, 1.005, false],
  [0.1, -0.3, true],
  [0.01, 0, true],
  [7, 2.1e22, true],
  [1e308, 1.5e308, false],
  [5e-324, 1e308, true],
])('the limit "multipleOf": %d is met by %d: %s', (multipleOf, amount, isMultiple) => {
  const problem = { path: 'amount', message: `must be multiple of ${multipleOf}` }

  expect(formProblems({ properties: { amount: { multipleOf } } }, { amount })).toEqual(isMultiple ? [] : [problem])
})

test('accepts no values for a schema whose check is asynchronous', () => {
  const form = { $async: true, properties: { name: { type: 'string' } } }

  expect(formProblems(form, { name: 1 })).toEqual([
    { path: '', message: expect.stringContaining('"$async" is not allowed') },
  ])
})

test('ends a check that takes exponential or quadratic time', () => {
  const $defs: Record<string, object> = { d0: { type: 'object' } }
  for (let depth = 1; depth < 40; depth += 1) {
    const before = { $ref: `#/$defs/d${depth - 1}` }
    $defs[`d${depth}`] = { allOf: [before, before] }
  }
  const exponential = { $defs, $ref: '#/$defs/d39' }
  const quadratic = { properties: { all: { uniqueItems: true } } }
  const objects = Array.from({ length: 20_000 }, (_, index) => ({ index }))

  expect(formProblems(exponential as never, {})).toEqual([{ path: '', message: 'cannot be checked within 250 ms' }])
  expect(formProblems(quadratic, { all: objects })).toEqual([{ path: '', message: 'cannot be checked within 250 ms' }])
})

test('accepts no values for a schema that refers to itself, to another document, or is not a schema', () => {
  for (const form of [
    { $ref: '#' },
    { $ref: 'https://example.com/x.json' },
    { type: 'nothing' },
    { pattern: '(?=a)' },
  ]) {
    const [problem] = formProblems(form, {})
    expect(problem, JSON.stringify(form)).toMatchObject({
      path: '',
      message: expect.stringContaining('cannot be checked'),
    })
  }
  expect(unusableForm({ type: 'nothing' })).toContain('is not a valid JSON Schema')
  expect(unusableForm({ type: 'object', 'x-order': 1 })).toBeNull()
})

test('does not follow the prototype of the values', () => {
  const form = { required: ['toString'], properties: { constructor: { type: 'string' } } }

  expect(formProblems(form as never, {})).toEqual([{ path: 'toString', message: 'is missing' }])
})

test('reports at most 50 wrong values', () => {
  const values = { all: Array.from({ length: 1_000 }, () => 1) }

  expect(formProblems({ properties: { all: { items: { type: 'string' } } } }, values)).toHaveLength(50)
})

/** Conversion of a JSON Schema to the fields of a form, and of their texts to JSON. Needs no browser. */

import { describe, expect, it } from 'vitest'
import { type FormField, type FormPart, formParts } from '../../src/page/forms/form-parts.ts'
import { formValues } from '../../src/page/forms/form-texts.ts'

const partsOf = (properties: object, required: readonly string[] = []): readonly FormPart[] =>
  formParts({ type: 'object', properties, required }) ?? []

const values = (parts: readonly FormPart[], texts: Readonly<Record<string, string>>) => {
  const { json, problems } = formValues(parts, new Map(Object.entries(texts)))
  return { json, problems: Object.fromEntries(problems) }
}

describe('the fields of a schema', () => {
  it.each([
    [{ type: 'string' }, { kind: 'text', type: 'text', isLong: false }],
    [
      { type: 'string', maxLength: 2_000 },
      { kind: 'text', type: 'text', isLong: true },
    ],
    [
      { type: 'string', format: 'date' },
      { kind: 'text', type: 'date', isLong: false },
    ],
    [
      { type: 'string', format: 'uri' },
      { kind: 'text', type: 'text', isLong: false },
    ],
    [{ type: 'integer' }, { kind: 'number', isWhole: true }],
    [{ type: ['number', 'null'] }, { kind: 'number', isWhole: false }],
    [{ type: 'boolean' }, { kind: 'flag' }],
    [{ type: ['string', 'number'] }, { kind: 'json' }],
    [{ type: 'array', items: { type: 'string' } }, { kind: 'json' }],
    [{ anyOf: [{ type: 'string' }] }, { kind: 'json' }],
    [true, { kind: 'json' }],
  ])('are for %j an input %j', (schema, input) => {
    expect(partsOf({ value: schema })).toMatchObject([{ kind: 'field', pointer: '/value', label: 'value', input }])
  })

  it('offer the values of an enumeration, of any type', () => {
    const [field] = partsOf({ level: { enum: ['high', 2, null] } }) as readonly FormField[]

    expect(field?.input).toEqual({
      kind: 'choice',
      choices: [
        { label: 'high', json: '"high"' },
        { label: '2', json: '2' },
        { label: 'null', json: 'null' },
      ],
    })
  })

  it('have the title, the description and the default of the schema', () => {
    const amount = { type: 'number', title: 'Amount', description: 'in euros', default: 12.5 }

    expect(partsOf({ amount }, ['amount'])).toMatchObject([
      { label: 'Amount', hint: 'in euros', isRequired: true, initialText: '12.5' },
    ])
  })

  it('are groups for nested objects, and JSON for objects that are nested deeper than four levels', () => {
    let schema: object = { type: 'object', properties: { end: { type: 'string' } } }
    for (let depth = 0; depth < 6; depth++) schema = { type: 'object', properties: { 'a/b': schema } }
    const kinds: string[] = []
    for (let parts = formParts(schema as never); parts !== null; ) {
      const [part] = parts as readonly [FormPart]
      kinds.push(part.kind === 'group' ? part.pointer : part.input.kind)
      parts = part.kind === 'group' ? part.parts : null
    }

    expect(kinds).toEqual(['/a~1b', '/a~1b/a~1b', '/a~1b/a~1b/a~1b', '/a~1b/a~1b/a~1b/a~1b', 'json'])
  })

  it.each([{}, { type: 'object' }, { type: 'object', properties: {} }, { properties: [] }])(
    'are missing for the schema %j, so that the visitor writes JSON',
    (schema) => {
      expect(formParts(schema)).toBeNull()
    },
  )
})

describe('the values of a form', () => {
  const parts = partsOf(
    {
      amount: { type: 'number' },
      count: { type: 'integer' },
      who: { type: 'string' },
      urgent: { type: 'boolean' },
      tags: {},
      level: { enum: ['low', 2] },
      address: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
    ['amount', 'who'],
  )

  it('keep the spelling of numbers, and the members of lists', () => {
    const texts = {
      '/amount': ' 1.0 ',
      '/count': '12345678901234567890',
      '/who': 'Ann "the boss"\n',
      '/urgent': 'true',
      '/tags': '[1.0]',
      '/level': '2',
      '/address/city': 'Kyiv',
    }

    expect(values(parts, texts)).toEqual({
      json:
        '{"amount":1.0,"count":12345678901234567890,"who":"Ann \\"the boss\\"\\n","urgent":true,"tags":[1.0],' +
        '"level":2,"address":{"city":"Kyiv"}}',
      problems: {},
    })
  })

  it('leave out optional fields and groups that are empty', () => {
    expect(values(parts, { '/amount': '2', '/who': 'Ann' })).toEqual({
      json: '{"amount":2,"who":"Ann","urgent":false}',
      problems: {},
    })
  })

  it('name each field that is missing or whose text has another type', () => {
    const texts = { '/amount': '1,5', '/count': '1.5', '/tags': '[1', '/who': ' ' }

    expect(values(parts, texts).problems).toEqual({
      '/amount': 'Enter a number, such as 12 or 1.5.',
      '/count': 'Enter a whole number.',
      '/tags': expect.stringContaining('Invalid JSON'),
      '/who': 'Enter a value.',
    })
  })

  it.each(['01', '.5', '5.', '+1', '0x1', 'NaN', '1e', '--1'])('refuse "%s" as a number', (text) => {
    expect(values(parts, { '/amount': text, '/who': 'x' }).problems).toHaveProperty('/amount')
  })

  it('have null for a required field without a text if the schema permits null', () => {
    expect(values(partsOf({ until: { type: ['string', 'null'] } }, ['until']), {})).toEqual({
      json: '{"until":null}',
      problems: {},
    })
  })
})

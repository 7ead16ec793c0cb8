/**
 * Runs both codecs on the corpus of the fuzzer in tools/check-native.mjs.
 * An input is one or more texts, separated by a byte 0xff.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { bothCodecs } from './cases.ts'
import { outcomeOf } from './outcome.ts'

const FOLDER = new URL('./corpus/', import.meta.url)
const [native, twin] = bothCodecs()

it('both codecs return the same result for every input of the corpus', () => {
  for (const name of readdirSync(FOLDER)) {
    const texts = split(readFileSync(new URL(name, FOLDER)))

    for (const text of texts) {
      expect(
        outcomeOf(() => native.canonicalize(text)),
        name,
      ).toEqual(outcomeOf(() => twin.canonicalize(text)))
      expect(
        outcomeOf(() => native.pick(text, 'a')),
        name,
      ).toEqual(outcomeOf(() => twin.pick(text, 'a')))
    }
    expect(
      outcomeOf(() => native.merge(texts)),
      name,
    ).toEqual(outcomeOf(() => twin.merge(texts)))
  }
})

function split(input: Buffer): Buffer[] {
  const end = input.indexOf(0xff)
  return end < 0 ? [input] : [input.subarray(0, end), ...split(input.subarray(end + 1))]
}

/** What a source gets of the bytes of a message. */

import { expect, test } from 'vitest'
import { eventText } from '../../src/streams/event-text.ts'

test.each([
  ['JSON to the letter', '{"n": 1.0, "big": 12345678901234567890}', '{"n": 1.0, "big": 12345678901234567890}'],
  ['JSON after the mark of a byte order', '\ufeff[1]', '[1]'],
  ['a JSON text', '"text"', '"text"'],
  ['any other text as a JSON string', 'a "word"\n', '"a \\"word\\"\\n"'],
  ['no NaN, which is no JSON', 'NaN', '"NaN"'],
  ['an empty text', '', '""'],
])('%s', (_, value, text) => {
  expect(eventText(Buffer.from(value))).toBe(text)
})

test('bytes that are no text in base64, and no value as null', () => {
  expect(eventText(Uint8Array.from([0, 0xff, 0x80]))).toBe('"AP+A"')
  expect(eventText(null)).toBe('null')
  expect(eventText(undefined)).toBe('null')
})

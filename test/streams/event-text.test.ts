/** The JSON text of an event from the bytes of a message. */

import { expect, test } from 'vitest'
import { eventText } from '../../src/streams/event-text.ts'

test.each([
  ['keeps JSON unchanged', '{"n": 1.0, "big": 12345678901234567890}', '{"n": 1.0, "big": 12345678901234567890}'],
  ['removes a byte order mark before JSON', '\ufeff[1]', '[1]'],
  ['keeps a JSON string unchanged', '"text"', '"text"'],
  ['converts other text to a JSON string', 'a "word"\n', '"a \\"word\\"\\n"'],
  ['converts NaN to a string, because JSON has no NaN', 'NaN', '"NaN"'],
  ['converts an empty text to an empty string', '', '""'],
])('%s', (_, value, text) => {
  expect(eventText(Buffer.from(value))).toBe(text)
})

test('converts binary data to base64, and a missing value to null', () => {
  expect(eventText(Uint8Array.from([0, 0xff, 0x80]))).toBe('"AP+A"')
  expect(eventText(null)).toBe('null')
  expect(eventText(undefined)).toBe('null')
})

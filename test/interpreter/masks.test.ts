/** Secrets are hidden in texts, in JSON and in bytes, in whatever pieces these come. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MaskedStreams, SecretMasks } from '../../src/interpreter/output/secret-masks.ts'
import { Masks } from '../../src/output/masks.ts'

const SECRET = 'p@ss/w"o\\rd é'

function hiding(...values: readonly string[]): Masks {
  const masks = new Masks()
  masks.add(values)
  return masks
}

/** What is shown of pieces that come one after the other. */
function shown(masks: Masks, pieces: readonly Buffer[]): string {
  const out: Buffer[] = []
  let held: Buffer | null = null
  for (const piece of pieces) {
    const { masked, rest } = masks.inBytes(held === null ? piece : Buffer.concat([held, piece]))
    out.push(masked)
    held = rest
  }
  if (held !== null) out.push(masks.inLastBytes(held))
  return Buffer.concat(out).toString()
}

test.each([
  ['as it is', SECRET],
  ['as Python shows it', `{'password': 'p@ss/w"o\\\\rd é'}`],
  ['as JSON has it', JSON.stringify({ password: SECRET })],
  ['as JSON of ASCII has it', '"p@ss/w\\"o\\\\rd \\u00e9"'],
  ['in a URL of JavaScript', `https://u:${encodeURIComponent(SECRET)}@host/`],
  ['as quote has it', 'p%40ss/w%22o%5Crd%20%C3%A9'],
  ['as quote_plus has it', 'p%40ss%2Fw%22o%5Crd+%C3%A9'],
  ['in base64', Buffer.from(SECRET).toString('base64')],
  ['in base64 for URLs', Buffer.from(SECRET).toString('base64url')],
  ['in the header of a request', `Basic ${Buffer.from(`user:${SECRET}`).toString('base64')}`],
  ['in the header of another', `Basic ${Buffer.from(`etl:${SECRET}:x`).toString('base64')}`],
])('a secret is hidden %s', (_, text) => {
  const masked = hiding(SECRET).inText(text)

  expect(masked).toContain('***')
  expect(masked.length).toBeLessThan(text.length)
  // All that remains of base64 are the ends, which others have a part in.
  expect(masked).not.toContain(text.slice(-12))
})

test('what is around it stays, and a value of less than six characters is shown', () => {
  expect(hiding('hunter22').inText('user=etl password=hunter22;')).toBe('user=etl password=***;')
  expect(hiding('12345', '').inText('port 12345')).toBe('port 12345')
})

test('of a value of several lines each line is hidden, and all of it', () => {
  const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0B==\n-----END KEY-----\n'
  const masks = hiding(key)

  expect(masks.inText(`key: ${key}`)).toBe('key: ***')
  expect(masks.inText('  MIIEvQIBADANBg')).toBe('  ***')
  expect(shown(masks, [Buffer.from('a\nMIIEvQIBADANBg\nb\n')])).toBe('a\n***\nb\n')
})

test('of two values of which one begins like the other, the longer one is hidden whole, also when it comes in pieces', () => {
  const masks = hiding('abcdef', 'abcdefghij', 'xxabcdef')

  expect(shown(masks, [Buffer.from('abcdef'), Buffer.from('ghij')])).toBe('***')
  expect(shown(masks, [Buffer.from('abcdef'), Buffer.from(' ghij')])).toBe('*** ghij')
  expect(shown(masks, [Buffer.from('xxabcdef'), Buffer.from('ghij')])).toBe('***ghij')
})

test('a secret is hidden in whatever pieces it is printed, and nothing else changes', () => {
  const part = fc.constantFrom(SECRET, 'p@ss', 'p', '/w"', 'é', '\n', 'other text ', 'p@ss/w"o\\rd ')
  fc.assert(
    fc.property(fc.array(part), fc.array(fc.nat(200)), (parts, cuts) => {
      const bytes = Buffer.from(parts.join(''))
      const ends = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length)))].sort((one, other) => one - other)
      const pieces = [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))

      expect(shown(hiding(SECRET), pieces)).toBe(parts.join('').replaceAll(SECRET, '***'))
    }),
  )
})

test('JSON stays JSON, and its other texts what they were', () => {
  const text = fc.constantFrom('nabcde', '\nabcde', '\u0041abcde', 'e9abcd', 'é9abcd', '\u001fabcde', '\\nabcde', 'x')
  fc.assert(
    fc.property(fc.array(text), fc.constantFrom('nabcde', 'e9abcd', '1fabcde', 'abcde\\'), (texts, value) => {
      const json = JSON.stringify({ message: texts.join(''), at: 1 })

      const masked = JSON.parse(hiding(value).inJson(json))

      expect(masked).toEqual({ message: texts.join('').replaceAll(value, '***'), at: 1 })
    }),
  )
})

test('secrets of thousands of fields, and of a mebibyte, are hidden as others are', () => {
  const values = Array.from({ length: 5_000 }, (_, index) => `value-number-${index}`)
  const large = Array.from({ length: 100_000 }, (_, index) => (index * 7_919).toString(36)).join('-')
  const masks = hiding(...values, large)

  expect(masks.inText(`it is value-number-4999, not value-number-5000`)).toBe('it is ***, not ***0')
  expect(shown(masks, [Buffer.from(`large: ${large.slice(0, 70_000)}`), Buffer.from(`${large.slice(70_000)}.`)])).toBe(
    'large: ***.',
  )
})

test('what an execution was given is hidden in the output of its tasks, and of no others', () => {
  const masks = new SecretMasks()
  masks.attemptBegins({ token: 1, executionId: 'one', taskId: 'fetch' })
  masks.attemptBegins({ token: 2, executionId: 'one', taskId: 'send' })
  masks.attemptBegins({ token: 3, executionId: 'other', taskId: 'fetch' })
  masks.addReply(1, '{"fields": {"password": "hunter22", "user": "etl"}}')
  const streams = new MaskedStreams(masks)

  const printed = [1, 2, 3, 0].map((call) => Buffer.from(streams.take(call, 'stdout', Buffer.from('etl hunter22\n'))))

  expect(printed.map(String)).toEqual(['etl ***\n', 'etl ***\n', 'etl hunter22\n', 'etl hunter22\n'])
})

test('what may be the beginning of a secret is held until more comes, for each stream, or until its call ends', () => {
  const masks = new SecretMasks()
  masks.attemptBegins({ token: 1, executionId: 'one', taskId: 'fetch' })
  masks.addReply(1, '{"fields": {"password": "hunter22"}}')
  const streams = new MaskedStreams(masks)
  const print = (stream: 'stdout' | 'stderr', text: string) =>
    Buffer.from(streams.take(1, stream, Buffer.from(text))).toString()

  expect([
    print('stdout', 'a hun'),
    print('stderr', 'b hun'),
    print('stdout', 'ter22'),
    print('stdout', ' hunt'),
  ]).toEqual(['a ', 'b ', '***', ' '])
  expect(streams.end(1).map(([stream, bytes]) => [stream, Buffer.from(bytes).toString()])).toEqual([
    ['stderr', 'hun'],
    ['stdout', 'hunt'],
  ])
  expect(streams.holding).toEqual([])
})

test('a context is known to hold a secret when it has its value, not when it has a short word by chance', () => {
  const masks = hiding('postgres', 'correct horse "battery"')

  expect(masks.isTold('{"database":"postgres"}')).toBe(false)
  expect(masks.isTold('{"text":"a correct horse \\"battery\\" staple"}')).toBe(true)
})

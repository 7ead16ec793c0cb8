/** Masks that hide secrets in texts, in JSON, and in output that arrives in chunks. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MaskedStreams, SecretMasks } from '../../src/interpreter/output/secret-masks.ts'
import { ExecutionMasks } from '../../src/output/execution-masks.ts'
import { Masks } from '../../src/output/masks.ts'

const SECRET = 'p@ss/w"o\\rd é'

function hiding(...values: readonly string[]): Masks {
  const masks = new Masks()
  masks.add(values)
  return masks
}

/** Returns the masked output of these chunks. */
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
  ['in plain text', SECRET],
  ['in the repr of a Python dict', `{'password': 'p@ss/w"o\\\\rd é'}`],
  ['in JSON', JSON.stringify({ password: SECRET })],
  ['in JSON with escaped non-ASCII characters', '"p@ss/w\\"o\\\\rd \\u00e9"'],
  ['in a URL, encoded by encodeURIComponent', `https://u:${encodeURIComponent(SECRET)}@host/`],
  ['encoded by the Python function quote', 'p%40ss/w%22o%5Crd%20%C3%A9'],
  ['encoded by the Python function quote_plus', 'p%40ss%2Fw%22o%5Crd+%C3%A9'],
  ['in base64', Buffer.from(SECRET).toString('base64')],
  ['in URL-safe base64', Buffer.from(SECRET).toString('base64url')],
  ['at the end of a Basic authorization header', `Basic ${Buffer.from(`user:${SECRET}`).toString('base64')}`],
  ['in the middle of a Basic authorization header', `Basic ${Buffer.from(`etl:${SECRET}:x`).toString('base64')}`],
])('hides a secret %s', { tags: ['proof'] }, (_, text) => {
  const masked = hiding(SECRET).inText(text)

  expect(masked).toContain('***')
  expect(masked.length).toBeLessThan(text.length)
  // Base64 groups that also encode other bytes, at both ends of the secret, remain visible.
  expect(masked).not.toContain(text.slice(-12))
})

test('keeps the text around a secret, and does not hide values of fewer than 6 characters', () => {
  expect(hiding('hunter22').inText('user=etl password=hunter22;')).toBe('user=etl password=***;')
  expect(hiding('12345', '').inText('port 12345')).toBe('port 12345')
})

test('hides a secret of several lines as a whole, and each of its lines', () => {
  const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0B==\n-----END KEY-----\n'
  const masks = hiding(key)

  expect(masks.inText(`key: ${key}`)).toBe('key: ***')
  expect(masks.inText('  MIIEvQIBADANBg')).toBe('  ***')
  expect(shown(masks, [Buffer.from('a\nMIIEvQIBADANBg\nb\n')])).toBe('a\n***\nb\n')
})

test('hides the longer one of two secrets with the same start, also when it arrives in chunks', () => {
  const masks = hiding('abcdef', 'abcdefghij', 'xxabcdef')

  expect(shown(masks, [Buffer.from('abcdef'), Buffer.from('ghij')])).toBe('***')
  expect(shown(masks, [Buffer.from('abcdef'), Buffer.from(' ghij')])).toBe('*** ghij')
  expect(shown(masks, [Buffer.from('xxabcdef'), Buffer.from('ghij')])).toBe('***ghij')
})

test('hides a secret in output with any division into chunks, and keeps all other text', { tags: ['proof'] }, () => {
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

test('hides a secret in JSON, which stays valid and keeps its other strings', () => {
  const text = fc.constantFrom('nabcde', '\nabcde', '\u0041abcde', 'e9abcd', 'é9abcd', '\u001fabcde', '\\nabcde', 'x')
  fc.assert(
    fc.property(fc.array(text), fc.constantFrom('nabcde', 'e9abcd', '1fabcde', 'abcde\\'), (texts, value) => {
      const json = JSON.stringify({ message: texts.join(''), at: 1 })

      const masked = JSON.parse(hiding(value).inJson(json))

      expect(masked).toEqual({ message: texts.join('').replaceAll(value, '***'), at: 1 })
    }),
  )
})

test('hides 5,000 secrets, and a secret of hundreds of kilobytes', () => {
  const values = Array.from({ length: 5_000 }, (_, index) => `value-number-${index}`)
  const large = Array.from({ length: 100_000 }, (_, index) => (index * 7_919).toString(36)).join('-')
  const masks = hiding(...values, large)

  expect(masks.inText(`it is value-number-4999, not value-number-5000`)).toBe('it is ***, not ***0')
  expect(shown(masks, [Buffer.from(`large: ${large.slice(0, 70_000)}`), Buffer.from(`${large.slice(70_000)}.`)])).toBe(
    'large: ***.',
  )
})

test('hides a secret in the output of all tasks of its execution, and of no other execution', {
  tags: ['proof'],
}, () => {
  const masks = new SecretMasks()
  masks.attemptBegins({ token: 1, executionId: 'one', taskId: 'fetch' })
  masks.attemptBegins({ token: 2, executionId: 'one', taskId: 'send' })
  masks.attemptBegins({ token: 3, executionId: 'other', taskId: 'fetch' })
  masks.addReply(1, '{"fields": {"password": "hunter22", "user": "etl"}}')
  const streams = new MaskedStreams(masks)

  const printed = [1, 2, 3, 0].map((call) => Buffer.from(streams.take(call, 'stdout', Buffer.from('etl hunter22\n'))))

  expect(printed.map(String)).toEqual(['etl ***\n', 'etl ***\n', 'etl hunter22\n', 'etl hunter22\n'])
})

test('keeps back a possible start of a secret per stream until more output arrives or the call ends', () => {
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

test('reports that a context contains a secret, but ignores a secret that is one short word', () => {
  const masks = hiding('postgres', 'correct horse "battery"')

  expect(masks.isTold('{"database":"postgres"}')).toBe(false)
  expect(masks.isTold('{"text":"a correct horse \\"battery\\" staple"}')).toBe(true)
})

test('forgets the secrets of the least recently used execution if more than 2,000 have secrets', () => {
  const masks = new ExecutionMasks()
  masks.of('first').add(['hunter22'])
  masks.of('second').add(['hunter22'])
  for (let number = 3; number <= 2_000; number++) masks.of(`${number}`)
  masks.of('first')
  const before = [masks.known('first'), masks.known('second'), masks.known('unknown')]
  masks.of('last')

  expect(before.map((known) => known?.inText('hunter22') ?? null)).toEqual(['***', '***', null])
  expect([masks.known('first')?.inText('hunter22'), masks.known('second')]).toEqual(['***', null])
})

/** Parser of the TLS ClientHello, which a server reads before Node does. */

import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseClientHello, readClientHello } from '../../src/interpreter/network/client-hello.ts'

const TWO_CIPHERS = [0x1301, 0xc02f]

/** Returns a ClientHello with these ciphers and extensions, split into records of at most `recordBytes`. */
function hello(ciphers: readonly number[], recordBytes = 16_384, extensions = Buffer.alloc(0)): Buffer {
  const list = Buffer.from(ciphers.flatMap((each) => [each >> 8, each & 0xff]))
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32),
    Buffer.from([4, 1, 2, 3, 4]),
    Buffer.from([list.length >> 8, list.length & 0xff]),
    list,
    Buffer.from([1, 0, extensions.length >> 8, extensions.length & 0xff]),
    extensions,
  ])
  const message = Buffer.concat([Buffer.from([1, 0, body.length >> 8, body.length & 0xff]), body])
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += recordBytes) {
    const part = message.subarray(at, at + recordBytes)
    records.push(Buffer.from([0x16, 3, 1, part.length >> 8, part.length & 0xff]), part)
  }
  return Buffer.concat(records)
}

it('returns the offered ciphers of a ClientHello in one record or in several', () => {
  expect(parseClientHello(hello(TWO_CIPHERS))).toEqual({ ciphers: TWO_CIPHERS, protocols: [] })
  expect(parseClientHello(hello(TWO_CIPHERS, 7))).toEqual({ ciphers: TWO_CIPHERS, protocols: [] })
})

it('returns the offered ALPN protocols among other extensions', () => {
  const other = [0, 23, 0, 1, 7]
  const protocols = [0, 16, 0, 14, 0, 12, 2, ...Buffer.from('h2'), 8, ...Buffer.from('http/1.1')]
  const bytes = hello(TWO_CIPHERS, 7, Buffer.from([...other, ...protocols, ...other]))

  expect(parseClientHello(bytes)).toEqual({ ciphers: TWO_CIPHERS, protocols: ['h2', 'http/1.1'] })
})

it('returns undefined for an incomplete ClientHello, and null for bytes of another kind', () => {
  const whole = hello(TWO_CIPHERS, 20)

  for (let size = 0; size < whole.length; size++) expect(parseClientHello(whole.subarray(0, size))).toBeUndefined()
  expect(parseClientHello(Buffer.from('GET / HTTP/1.1\r\n'))).toBeNull()
  expect(parseClientHello(Buffer.from([0x16, 3, 1, 0, 0]))).toBeNull()
})

it('does not throw for any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isHandshake) => {
      const head = isHandshake ? Buffer.from([0x16, 3, 1, 0, bytes.length, 1, 0, 0, 40]) : Buffer.alloc(0)
      expect(() => parseClientHello(Buffer.concat([head, bytes]))).not.toThrow()
    }),
  )
})

it('returns all bytes to the stream for the next reader if they are not a ClientHello', async () => {
  const stream = new PassThrough()
  const endless = Buffer.concat([Buffer.from([0x16, 3, 1, 0x40, 0]), Buffer.alloc(40_000, 1)])
  const read = new Promise((resolve) => readClientHello(stream, resolve, resolve))
  stream.write(endless.subarray(0, 10))
  stream.write(endless.subarray(10))

  expect(await read).toBeNull()
  expect(stream.read()).toEqual(endless)
})

/** The hello of a TLS client, as a server reads it before Node does. */

import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { offeredCiphers, readClientHello } from '../../src/interpreter/network/client-hello.ts'

/** A hello with these ciphers, in records of so many bytes. */
function hello(ciphers: readonly number[], recordBytes = 16_384): Buffer {
  const list = Buffer.from(ciphers.flatMap((each) => [each >> 8, each & 0xff]))
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32),
    Buffer.from([4, 1, 2, 3, 4]),
    Buffer.from([list.length >> 8, list.length & 0xff]),
    list,
    Buffer.from([1, 0]),
  ])
  const message = Buffer.concat([Buffer.from([1, 0, body.length >> 8, body.length & 0xff]), body])
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += recordBytes) {
    const part = message.subarray(at, at + recordBytes)
    records.push(Buffer.from([0x16, 3, 1, part.length >> 8, part.length & 0xff]), part)
  }
  return Buffer.concat(records)
}

it('has the ciphers that are offered, also of a hello that records cut in pieces', () => {
  expect(offeredCiphers(hello([0x1301, 0xc02f]))).toEqual([0x1301, 0xc02f])
  expect(offeredCiphers(hello([0x1301, 0xc02f], 7))).toEqual([0x1301, 0xc02f])
})

it('waits for more of a hello that is not whole, and takes nothing else for one', () => {
  const whole = hello([0x1301, 0xc02f], 20)

  for (let size = 0; size < whole.length; size++) expect(offeredCiphers(whole.subarray(0, size))).toBeUndefined()
  expect(offeredCiphers(Buffer.from('GET / HTTP/1.1\r\n'))).toBeNull()
  expect(offeredCiphers(Buffer.from([0x16, 3, 1, 0, 0]))).toBeNull()
})

it('fails for no bytes at all', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isHandshake) => {
      const head = isHandshake ? Buffer.from([0x16, 3, 1, 0, bytes.length, 1, 0, 0, 40]) : Buffer.alloc(0)
      offeredCiphers(Buffer.concat([head, bytes]))
    }),
  )
})

it('leaves all that it read to who reads next, however much that is', async () => {
  const stream = new PassThrough()
  const endless = Buffer.concat([Buffer.from([0x16, 3, 1, 0x40, 0]), Buffer.alloc(40_000, 1)])
  const read = new Promise((resolve) => readClientHello(stream, resolve, resolve))
  stream.write(endless.subarray(0, 10))
  stream.write(endless.subarray(10))

  expect(await read).toBeNull()
  expect(stream.read()).toEqual(endless)
})

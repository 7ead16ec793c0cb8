/** Encoding of the messages between the engine and an interpreter as frames, and the reader of these frames. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFrame, FrameError, FrameReader, MAX_FRAME_BYTES } from '../../src/border/frames.ts'

const LONG = 'a "quoted" text, '.repeat(500)

function read(chunks: readonly Buffer[]): unknown[] {
  const messages: unknown[] = []
  const reader = new FrameReader(
    (message) => messages.push(message),
    (bytes) => bytes.toString(),
  )
  for (const chunk of chunks) reader.push(chunk)
  return messages
}

function inPieces(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}

function frameOf(head: string, announcedBytes?: number): Buffer {
  const bytes = Buffer.from(head)
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32LE(announcedBytes ?? 4 + bytes.length, 0)
  lengths.writeUInt32LE(bytes.length, 4)
  return Buffer.concat([lengths, bytes])
}

describe('a message in a frame', () => {
  it('is read unchanged, together with the messages after it, from chunks of any size', () => {
    const message = fc.record({
      type: fc.constantFrom('task', 'outcomes'),
      text: fc.oneof(fc.string({ unit: 'binary' }), fc.constant(LONG), fc.constant('\ud800'.repeat(3_000))),
      list: fc.array(fc.record({ text: fc.oneof(fc.constant(LONG), fc.constant(null), fc.string()) })),
      tokens: fc.array(fc.nat()),
    })
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.integer({ min: 1, max: 70_000 }), (messages, size) => {
        const bytes = Buffer.concat(messages.flatMap((each) => encodeFrame(each)))

        expect(read(inPieces(bytes, size))).toEqual(messages)
      }),
      { numRuns: 100 },
    )
  })

  it('carries its long texts after the JSON, not inside the JSON', () => {
    const [head, text] = encodeFrame({ type: 'task', inputText: LONG })

    expect(head?.toString()).not.toContain('quoted')
    expect(text?.toString()).toBe(LONG)
  })

  it('keeps a lone surrogate, which UTF-8 cannot encode', () => {
    const text = `${LONG}\ud83d`

    expect(read(encodeFrame({ text }))).toEqual([{ text }])
  })
})

describe('the reader of frames', () => {
  it.each([
    ['a length over MAX_FRAME_BYTES', frameOf('[{},[]]', MAX_FRAME_BYTES + 1)],
    ['a length of zero', frameOf('[{},[]]', 0)],
    ['a head that is not valid JSON', frameOf('{"type":')],
    ['a text for a path that the JSON does not have', frameOf('[{"type":"task"},[[["inputText"],0]]]')],
    ['a text for a path through __proto__', frameOf('[{"type":"task"},[[["__proto__","polluted"],0]]]')],
  ])('rejects %s', (_, bytes) => {
    expect(() => read([bytes])).toThrow(FrameError)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })

  it('returns a message as soon as its last announced byte arrives, and not earlier', () => {
    const whole = Buffer.concat(encodeFrame({ type: 'ready' }))

    expect(read([whole.subarray(0, whole.length - 1)])).toEqual([])
    expect(read([whole.subarray(0, whole.length - 1), whole.subarray(-1)])).toEqual([{ type: 'ready' }])
  })
})

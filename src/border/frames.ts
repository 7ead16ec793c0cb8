/**
 * How a message becomes bytes and is read again: the same on both ends of a channel.
 *
 *   4 bytes   length of all that follows, little endian
 *   4 bytes   length of the head
 *   head      JSON: [message, [[path, length], …]]
 *   rest      the long texts and the bytes of the message, behind each other, in the order of the head
 *
 * Long texts travel beside the JSON, as UTF-8: escaping a context full of quotes and reading it again took 60 ms for
 * 1.3 MB, and takes 0.1 ms so. A text with half of a surrogate pair, which UTF-8 cannot say, stays in the JSON, which
 * can.
 */

/** Maximum length of a message. A larger length means that the channel is corrupt. */
export const MAX_FRAME_BYTES = 256 * 1024 * 1024
/** Shorter texts cost less in the JSON, and in Pyodide as strings (see text-for-python.ts). */
const LONG_TEXT_UNITS = 2_048
const LENGTH_BYTES = 4
const NOTHING = Buffer.alloc(0)

export type Path = readonly (string | number)[]
/** Converts a long text on the reading side, by the path at which it was in the message. */
export type TextReader = (bytes: Buffer, path: Path) => unknown

export class FrameError extends Error {}

/** Throws `FrameError` for a message that is too large. */
export function encodeFrame(message: object): Buffer[] {
  const found: [Path, Buffer][] = []
  const lean = withoutLongTexts(message, [], found)
  const head = Buffer.from(JSON.stringify([lean, found.map(([path, bytes]) => [path, bytes.length])]))
  const bodyBytes = found.reduce((sum, [, bytes]) => sum + bytes.length, 0)
  const length = LENGTH_BYTES + head.length + bodyBytes
  if (length > MAX_FRAME_BYTES) {
    throw new FrameError(
      `Cannot pass ${length} bytes between the engine and Python: the maximum is ${MAX_FRAME_BYTES}.`,
    )
  }
  const lengths = Buffer.allocUnsafe(2 * LENGTH_BYTES)
  lengths.writeUInt32LE(length, 0)
  lengths.writeUInt32LE(head.length, LENGTH_BYTES)
  return [Buffer.concat([lengths, head]), ...found.map(([, bytes]) => bytes)]
}

/** Copies only values that contain a long text. Searches one list deep, because messages are that flat. */
function withoutLongTexts(value: object, path: Path, found: [Path, Buffer][]): object {
  let copy: Record<string, unknown> | null = null
  for (const [key, member] of Object.entries(value)) {
    const replaced = replacement(member, [...path, Array.isArray(value) ? Number(key) : key], found)
    if (replaced === member) continue
    copy ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>
    copy[key] = replaced
  }
  return copy ?? value
}

function replacement(member: unknown, path: Path, found: [Path, Buffer][]): unknown {
  if (typeof member === 'string') {
    if (member.length < LONG_TEXT_UNITS || !member.isWellFormed()) return member
    found.push([path, Buffer.from(member)])
    return null
  }
  if (member instanceof Uint8Array) {
    found.push([path, Buffer.from(member.buffer, member.byteOffset, member.byteLength)])
    return null
  }
  if (typeof member !== 'object' || member === null || isListOfNumbers(member)) return member
  return withoutLongTexts(member, path, found)
}

/** Tokens, thousands of them. None is long. */
function isListOfNumbers(member: object): boolean {
  return Array.isArray(member) && (member.length === 0 || typeof member[0] === 'number')
}

/**
 * Assembles messages from the chunks of a stream. Copies a message once if it spans several chunks, and keeps nothing
 * else of a chunk. `readText` gets parts of the chunk itself.
 */
export class FrameReader {
  readonly #onMessage: (message: unknown) => void
  readonly #readText: TextReader
  #frame: Buffer | null = null
  #filled = 0
  #lengthBytes: Buffer = NOTHING

  constructor(onMessage: (message: unknown) => void, readText: TextReader) {
    this.#onMessage = onMessage
    this.#readText = readText
  }

  /** Throws `FrameError` for invalid data; nothing can be read after that. */
  push(chunk: Buffer): void {
    let rest = this.#fill(chunk)
    if (this.#lengthBytes.length > 0) {
      rest = Buffer.concat([this.#lengthBytes, rest])
      this.#lengthBytes = NOTHING
    }
    while (rest.length >= LENGTH_BYTES) {
      const length = rest.readUInt32LE(0)
      if (length < LENGTH_BYTES || length > MAX_FRAME_BYTES) {
        throw new FrameError(`The message length ${length} is invalid: the maximum is ${MAX_FRAME_BYTES} bytes.`)
      }
      const frame = rest.subarray(LENGTH_BYTES, LENGTH_BYTES + length)
      rest = rest.subarray(LENGTH_BYTES + frame.length)
      if (frame.length === length) this.#decode(frame)
      else {
        this.#frame = Buffer.allocUnsafeSlow(length)
        this.#filled = frame.copy(this.#frame)
      }
    }
    if (rest.length > 0) this.#lengthBytes = Buffer.from(rest)
  }

  #fill(chunk: Buffer): Buffer {
    const frame = this.#frame
    if (frame === null) return chunk
    const copied = chunk.copy(frame, this.#filled)
    this.#filled += copied
    if (this.#filled === frame.length) {
      this.#frame = null
      this.#decode(frame)
    }
    return chunk.subarray(copied)
  }

  #decode(frame: Buffer): void {
    this.#onMessage(decodeFrame(frame, this.#readText))
  }
}

type Head = readonly [message: object, texts: readonly (readonly [Path, number])[]]

function decodeFrame(frame: Buffer, readText: TextReader): unknown {
  const headBytes = frame.readUInt32LE(0)
  let at = LENGTH_BYTES + headBytes
  let head: Head
  try {
    head = JSON.parse(frame.toString('utf8', LENGTH_BYTES, at)) as Head
  } catch (error) {
    throw new FrameError('The header of a message is not JSON.', { cause: error })
  }
  const [message, texts] = head
  for (const [path, length] of texts) {
    putAt(message, path, readText(frame.subarray(at, at + length), path))
    at += length
  }
  return message
}

function putAt(message: object, path: Path, value: unknown): void {
  let target = message as Record<string | number, unknown>
  for (const [index, step] of path.entries()) {
    // Only where the sender left a gap: no path may lead to a prototype.
    if (!Object.hasOwn(target, step))
      throw new FrameError(`A message contains text for the field "${path.join('.')}", which is missing.`)
    if (index === path.length - 1) target[step] = value
    else target = target[step] as Record<string | number, unknown>
  }
}

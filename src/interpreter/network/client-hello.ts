/** Reads the ciphers and protocols of a client's hello before Node reads it. */

import type { Duplex } from 'node:stream'

/** Maximum length of a hello that is read. Usual ones have up to 2,000 bytes; longer ones go to Node unread. */
const LONGEST_BYTES = 20 * 1024
const HANDSHAKE_RECORD = 0x16
const CLIENT_HELLO = 1
/** Type of the extension with the protocols of the application (ALPN). */
const PROTOCOLS_EXTENSION = 16

export interface ClientHello {
  /** Identifiers of the offered ciphers. */
  readonly ciphers: readonly number[]
  /** Names of the offered protocols of the application, such as `http/1.1`. */
  readonly protocols: readonly string[]
}

/**
 * Reads the hello that comes next, puts it back, and calls `read` with its parts; null for other data. When the stream
 * ends before, `end` is called instead, with its error or null.
 */
export function readClientHello(
  stream: Duplex,
  read: (hello: ClientHello | null) => void,
  end: (error: Error | null) => void,
): void {
  const chunks: Buffer[] = []
  const finish = (call: () => void) => {
    stream.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onError)
    call()
  }
  const onEnd = () => finish(() => end(null))
  const onError = (error: Error) => finish(() => end(error))
  const onReadable = () => {
    for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const hello = parseClientHello(bytes)
    if (hello === undefined && bytes.length < LONGEST_BYTES) return
    finish(() => {
      stream.unshift(bytes)
      read(hello ?? null)
    })
  }
  stream.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onError)
}

/** Returns the parts of a hello; null for other data; undefined if the hello is not complete. */
export function parseClientHello(bytes: Buffer): ClientHello | null | undefined {
  const message = handshakeMessage(bytes)
  if (message === null || message === undefined) return message
  const afterRandom = 2 + 32
  const sessionBytes = message[afterRandom] ?? 0
  const start = afterRandom + 1 + sessionBytes + 2
  if (start > message.length) return null
  const end = start + message.readUInt16BE(start - 2)
  const ciphers: number[] = []
  for (let at = start; at + 2 <= Math.min(end, message.length); at += 2) ciphers.push(message.readUInt16BE(at))
  return { ciphers, protocols: offeredProtocols(message, end) }
}

/** Returns the protocols in the extensions of a message whose ciphers end at `at`. */
function offeredProtocols(message: Buffer, at: number): string[] {
  const compressionBytes = message[at] ?? 0
  for (let start = at + 1 + compressionBytes + 2; start + 4 <= message.length; ) {
    const [type, size] = [message.readUInt16BE(start), message.readUInt16BE(start + 2)]
    start += 4
    if (type === PROTOCOLS_EXTENSION) return namesIn(message.subarray(start + 2, start + size))
    start += size
  }
  return []
}

/** Returns the names of a list. Each name is preceded by its number of bytes. */
function namesIn(list: Buffer): string[] {
  const names: string[] = []
  for (let at = 0; at < list.length; at += 1 + (list[at] ?? 0)) {
    names.push(list.toString('latin1', at + 1, at + 1 + (list[at] ?? 0)))
  }
  return names
}

/** Returns the first message of a handshake, which several records may contain. */
function handshakeMessage(bytes: Buffer): Buffer | null | undefined {
  const pieces: Buffer[] = []
  let size = 0
  for (let at = 0; at < bytes.length && size < LONGEST_BYTES; ) {
    if (bytes[at] !== HANDSHAKE_RECORD) return null
    if (at + 5 > bytes.length) return undefined
    const end = at + 5 + bytes.readUInt16BE(at + 3)
    if (end === at + 5) return null
    if (end > bytes.length) return undefined
    pieces.push(bytes.subarray(at + 5, end))
    size += end - at - 5
    at = end
  }
  const message = Buffer.concat(pieces)
  if (message.length > 0 && message[0] !== CLIENT_HELLO) return null
  if (message.length < 4 || message.length < 4 + message.readUIntBE(1, 3)) return undefined
  return message.subarray(4, 4 + message.readUIntBE(1, 3))
}

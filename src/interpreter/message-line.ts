/** The interpreter's end of the message lines of `border/channel.ts`. Used by `interpreter-session.ts` alone. */

import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { AdaptiveSpin, isFollowedSoon } from '../border/adaptive-spin.ts'
import { MESSAGES_IN, MESSAGES_OUT } from '../border/channel.ts'
import { encodeFrame, FrameReader, type Path } from '../border/frames.ts'
import type { FromInterpreter, ToInterpreter } from '../border/protocol.ts'
import type { TextForPython } from './text-for-python.ts'

/** Contexts are handed to Python as the bytes that came. */
const CONTEXT_FIELDS = ['inputText', 'contextText', 'eventsText', 'payloadsText'] as const
const CONTEXT_FIELD_NAMES: ReadonlySet<unknown> = new Set(CONTEXT_FIELDS)

/** Buffer of all reads. Node would allocate 64 KB for each message, which is garbage afterwards. */
const readBuffer = Buffer.allocUnsafeSlow(262_144)
const spin = new AdaptiveSpin()
const MAX_COPIED_BYTES = 65_536
/** Messages that `sendAfter` has not written yet; null outside of it. */
let held: Buffer[] | null = null

/** Writes a message without waiting. Throws `FrameError` if it is too large, EPIPE if the engine is gone. */
export function sendMessage(message: FromInterpreter): void {
  const bytes = encodeFrame(message)
  if (held === null) write(bytes)
  else held.push(...bytes)
  if (isFollowedSoon(message)) spin.sent()
}

/** Sends the messages of `before` and this one in one write, to wake the engine once, unless they are large. */
export function sendAfter(before: () => void, message: FromInterpreter): void {
  held = []
  try {
    before()
    sendMessage(message)
  } finally {
    const bytes = held
    held = null
    const length = bytes.reduce((sum, each) => sum + each.length, 0)
    write(length > MAX_COPIED_BYTES ? bytes : [Buffer.concat(bytes)])
  }
}

function write(buffers: readonly Buffer[]): void {
  for (const bytes of buffers) {
    for (let written = 0; written < bytes.length; ) written += writeSync(MESSAGES_OUT, bytes, written)
  }
}

export type Received = WithContexts<ToInterpreter>

type WithContexts<Message> = Message extends unknown
  ? { readonly [Name in keyof Message]: Name extends (typeof CONTEXT_FIELDS)[number] ? TextForPython : Message[Name] }
  : never

export type Message<Type extends Received['type']> = Extract<Received, { readonly type: Type }>

/** `failed` is called if the line is corrupt. At its end, the control thread ends the process. */
export function receiveMessages(received: (message: Received) => void, failed: (error: unknown) => void): void {
  const reader = new FrameReader((message) => received(message as Received), textOf)
  const line = new Socket({
    fd: MESSAGES_IN,
    readable: true,
    writable: false,
    onread: {
      buffer: readBuffer,
      callback: (length) => {
        spin.received()
        try {
          reader.push(readBuffer.subarray(0, length))
        } catch (error) {
          failed(error)
        }
        return true
      },
    },
  })
  line.on('error', failed)
}

function textOf(bytes: Buffer, path: Path): TextForPython {
  if (!CONTEXT_FIELD_NAMES.has(path.at(-1))) return bytes.toString()
  // Pyodide (314.0.7) does not support Buffers. The buffer is reused by the next read, so its bytes are copied.
  return bytes.buffer === readBuffer.buffer
    ? new Uint8Array(bytes)
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

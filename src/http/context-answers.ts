/**
 * Sends contexts unchanged. They may have hundreds of megabytes and slow readers: large ones are sent in pieces, with a
 * limit for all of them, and are dropped if their reader stops.
 */

import type { Timer } from '../engine/clock-port.ts'
import { SystemClock } from '../engine/system-clock.ts'
import type { Runner } from '../runner/runner.ts'
import { cutConnection } from './connections.ts'
import { HttpProblem } from './problems.ts'

const MEBIBYTE = 1024 ** 2
const LARGE_BYTES = MEBIBYTE
/** Maximum size of all contexts that are being sent. A single one may be larger. */
const MAX_BYTES = 256 * MEBIBYTE
const PIECE_CHARACTERS = 64 * 1024
const MAX_UNREAD_MS = 30_000

const TYPE = { 'content-type': 'application/json; charset=utf-8' }

/** Context that is read when it is sent. */
export interface StoredContext {
  /** Size in UTF-8. */
  readonly bytes: number
  readonly text: () => Promise<string>
}

export async function storedContext(runner: Runner, given: string, place: 'input' | 'final'): Promise<StoredContext> {
  const { id, inputBytes, finalBytes } = await runner.executions.overview(given)
  if (place === 'input') return { bytes: inputBytes, text: () => runner.executions.inputText(id) }
  return { bytes: finalBytes ?? inputBytes, text: () => runner.executions.contextText(id) }
}

export async function storedOutput(runner: Runner, given: string, task: string): Promise<StoredContext> {
  const { id, tasks } = await runner.executions.overview(given)
  const bytes = tasks.find(({ taskId }) => taskId === task)?.outputBytes ?? 0
  return { bytes, text: async () => (await runner.executions.outputText(id, task)) ?? '{}' }
}

export async function storedTaskInput(runner: Runner, id: string, task: string): Promise<StoredContext> {
  // The size of the merged outputs of several tasks is not known before.
  const text = await runner.executions.taskInputText(id, task)
  return { bytes: Buffer.byteLength(text), text: async () => text }
}

export class ContextAnswers {
  readonly #clock = new SystemClock({ keepsProcessAlive: false })
  #bytes = 0

  async answer(context: StoredContext, request: Request): Promise<Response> {
    const { bytes } = context
    if (bytes < LARGE_BYTES) return new Response(await context.text(), { headers: TYPE })
    if (this.#bytes > 0 && this.#bytes + bytes > MAX_BYTES) throw tooMany(this.#bytes)
    this.#bytes += bytes
    let isHeld = true
    const release = (): void => {
      if (isHeld) this.#bytes -= bytes
      isHeld = false
    }
    try {
      const body = this.#pieces(await context.text(), request, release)
      return new Response(body, { headers: { ...TYPE, 'content-length': String(bytes) } })
    } catch (thrown) {
      release()
      throw thrown
    }
  }

  #pieces(whole: string, request: Request, release: () => void): ReadableStream<Uint8Array> {
    let text = whole
    let at = 0
    let timer: Timer | null = null
    const encoder = new TextEncoder()
    const end = (): void => {
      timer?.cancel()
      text = ''
      release()
    }
    return new ReadableStream<Uint8Array>(
      {
        start: (stream) => {
          timer = this.#limit(stream, request, end)
        },
        pull: (stream) => {
          timer?.cancel()
          const to = endOfPiece(text, at)
          stream.enqueue(encoder.encode(text.slice(at, to)))
          at = to
          if (at < text.length) timer = this.#limit(stream, request, end)
          else {
            end()
            stream.close()
          }
        },
        cancel: end,
      },
      new CountQueuingStrategy({ highWaterMark: 0 }),
    )
  }

  #limit(stream: ReadableStreamDefaultController<Uint8Array>, request: Request, end: () => void): Timer {
    return this.#clock.wakeAfter(MAX_UNREAD_MS, () => {
      end()
      if (cutConnection(request)) return
      // Uncoded: cuts the response, whose status was sent
      stream.error(new Error(`The client did not read the response for ${MAX_UNREAD_MS} ms.`))
    })
  }
}

/** Returns an end that does not divide a surrogate pair. */
function endOfPiece(text: string, at: number): number {
  const to = Math.min(text.length, at + PIECE_CHARACTERS)
  const last = text.charCodeAt(to - 1)
  return to < text.length && last >= 0xd8_00 && last < 0xdc_00 ? to - 1 : to
}

function tooMany(bytes: number): HttpProblem {
  const message =
    `Too many large contexts are being sent: ${Math.ceil(bytes / MEBIBYTE)} MiB ` +
    `of at most ${MAX_BYTES / MEBIBYTE} MiB. Retry in a few seconds.`
  return new HttpProblem(503, 'TOO_MANY_LARGE_ANSWERS', message, { 'retry-after': '5' })
}

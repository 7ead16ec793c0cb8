/**
 * Contexts as answers, to the letter. One may be hundreds of megabytes, and its reader slow: a large one is sent in pieces as they
 * are read, there are only so many bytes of them at a time, and one that nobody goes on to read is dropped.
 */

import { SystemClock } from '../engine/clock.ts'
import type { Timer } from '../engine/ports.ts'
import type { Runner } from '../runner/runner.ts'
import { cutOff } from './connections.ts'
import { HttpProblem } from './problems.ts'

const MEBIBYTE = 1024 ** 2
const LARGE_BYTES = MEBIBYTE
/** Of those that are being sent; a single one may be larger. */
const BYTES_AT_MOST = 256 * MEBIBYTE
const PIECE_CHARACTERS = 64 * 1024
const UNREAD_AT_MOST_MS = 30_000

const TYPE = { 'content-type': 'application/json; charset=utf-8' }

/** A context that is read when its turn has come. */
export interface StoredContext {
  /** In UTF-8. */
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
  // What several tasks have left is merged: how much that comes to shows only then.
  const text = await runner.executions.taskInputText(id, task)
  return { bytes: Buffer.byteLength(text), text: async () => text }
}

export class ContextAnswers {
  readonly #clock = new SystemClock({ keepsProcessAlive: false })
  #bytes = 0

  async answer(context: StoredContext, request: Request): Promise<Response> {
    const { bytes } = context
    if (bytes < LARGE_BYTES) return new Response(await context.text(), { headers: TYPE })
    if (this.#bytes > 0 && this.#bytes + bytes > BYTES_AT_MOST) throw tooMany(this.#bytes)
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
    return this.#clock.wakeAfter(UNREAD_AT_MOST_MS, () => {
      end()
      if (!cutOff(request)) stream.error(new Error(`The client did not read the response for ${UNREAD_AT_MOST_MS} ms.`))
    })
  }
}

/** A character of two units is not cut in two. */
function endOfPiece(text: string, at: number): number {
  const to = Math.min(text.length, at + PIECE_CHARACTERS)
  const last = text.charCodeAt(to - 1)
  return to < text.length && last >= 0xd8_00 && last < 0xdc_00 ? to - 1 : to
}

function tooMany(bytes: number): HttpProblem {
  const message =
    `Too many large contexts are being sent: ${Math.ceil(bytes / MEBIBYTE)} MiB ` +
    `of at most ${BYTES_AT_MOST / MEBIBYTE} MiB. Retry in a few seconds.`
  return new HttpProblem(503, 'TOO_MANY_LARGE_ANSWERS', message, { 'retry-after': '5' })
}

/** What requests bring along: read within a limit, as UTF-8 and JSON. */

import { CONTEXT_TEXT, checked, JSON_TEXT, type Operation } from './operations.ts'
import { HttpProblem } from './problems.ts'

export interface ReadBody {
  readonly body: unknown
  /** To the letter; null for none. */
  readonly bodyText: string | null
}

const MEBIBYTE = 1024 ** 2
/** What a body may hold that brings a context: the rest is words. */
const LARGEST_BYTES = 16 * MEBIBYTE

const NONE: ReadBody = { body: undefined, bodyText: null }

/** Throws problems, and `INVALID_ARGUMENT`. */
export async function readBody(request: Request, { body: expected }: Operation): Promise<ReadBody> {
  if (expected === null) return NONE
  const bytes = await bytesOf(request)
  if (bytes.length === 0) return withoutBody(expected)
  // A form of another site's page can send everything else without being asked for leave.
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new HttpProblem(
      415,
      'BODY_NOT_JSON',
      'The body must be JSON, with the header "Content-Type: application/json".',
    )
  }
  const bodyText = textOf(bytes)
  // The engine checks it itself, to the letter.
  if (expected === CONTEXT_TEXT || expected === JSON_TEXT) return { body: undefined, bodyText }
  return { body: checked(expected, parsed(bodyText), 'body'), bodyText }
}

function withoutBody(expected: NonNullable<Operation['body']>): ReadBody {
  if (expected === JSON_TEXT) throw new HttpProblem(400, 'BODY_NOT_JSON', 'There is no body: a JSON value is needed.')
  return expected === CONTEXT_TEXT ? NONE : { body: checked(expected, {}, 'body'), bodyText: null }
}

async function bytesOf(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > LARGEST_BYTES) throw tooLarge()
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for await (const part of request.body ?? []) {
      size += part.length
      if (size > LARGEST_BYTES) throw tooLarge()
      parts.push(part)
    }
  } catch (thrown) {
    if (thrown instanceof HttpProblem) throw thrown
    // Whoever sent it has left: nobody reads this, and it is no fault of ours that a log should tell.
    throw new HttpProblem(400, 'BODY_CUT_OFF', 'The body ended before it was whole.')
  }
  return Buffer.concat(parts)
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new HttpProblem(400, 'BODY_NOT_JSON', 'The body is not UTF-8.')
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    throw new HttpProblem(400, 'BODY_NOT_JSON', `The body is not JSON: ${(thrown as Error).message}.`)
  }
}

function tooLarge(): HttpProblem {
  // What is still to come is not read: the connection ends with the answer.
  const message = `The body is larger than ${LARGEST_BYTES / MEBIBYTE} MiB.`
  return new HttpProblem(413, 'BODY_TOO_LARGE', message, { connection: 'close' })
}

/** Reads bodies of requests within a limit, as UTF-8 and JSON. */

import { CONTEXT_TEXT, checkedInput, JSON_TEXT, type Operation } from '../operations.ts'
import { HttpProblem } from '../problems.ts'
import { BodyShape } from './body-shape.ts'
import { bodyWithoutContext } from './large-bodies.ts'

export interface ReadBody {
  readonly body: unknown
  /** Unchanged text of the body, or of its member `context` for an operation with `bringsContext`; null for none. */
  readonly bodyText: string | null
}

const MEBIBYTE = 1024 ** 2
/** Maximum size of a body with a context or events. */
const MAX_BYTES = 16 * MEBIBYTE
/** Maximum size of all other bodies. */
const MAX_PLAIN_BYTES = MEBIBYTE

const NONE: ReadBody = { body: undefined, bodyText: null }

/** Throws problems, and `INVALID_ARGUMENT`. */
export async function readBody(request: Request, operation: Operation): Promise<ReadBody> {
  const { body: expected, bringsContext, maxBodyMebibytes } = operation
  if (expected === null) return NONE
  const isToTheLetter = expected === CONTEXT_TEXT || expected === JSON_TEXT
  const usual = isToTheLetter || bringsContext ? MAX_BYTES : MAX_PLAIN_BYTES
  const bytes = await bytesOf(request, maxBodyMebibytes === null ? usual : maxBodyMebibytes * MEBIBYTE)
  if (bytes.length === 0) return withoutBody(expected)
  // Forms of other sites can send all other types without permission.
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new HttpProblem(
      415,
      'BODY_NOT_JSON',
      'The body must be JSON. Send the header "Content-Type: application/json".',
    )
  }
  const bodyText = textOf(bytes)
  // The engine checks the unchanged text itself.
  if (isToTheLetter) return { body: undefined, bodyText }
  if (!bringsContext) return { body: checkedInput(expected, parsed(bodyText), 'body'), bodyText }
  const { restText, contextText } = await bodyWithoutContext(bodyText)
  return { body: checkedInput(expected, parsed(restText), 'body'), bodyText: contextText }
}

function withoutBody(expected: NonNullable<Operation['body']>): ReadBody {
  if (expected === JSON_TEXT)
    throw new HttpProblem(400, 'BODY_NOT_JSON', 'The body is empty, but a JSON value is required.')
  return expected === CONTEXT_TEXT ? NONE : { body: checkedInput(expected, {}, 'body'), bodyText: null }
}

async function bytesOf(request: Request, largest: number): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > largest) throw tooLarge(largerThan(largest))
  const parts: Uint8Array[] = []
  const shape = new BodyShape()
  let size = 0
  try {
    for await (const part of request.body ?? []) {
      size += part.length
      const exceeded = size > largest ? largerThan(largest) : shape.exceededBy(part)
      if (exceeded !== null) throw tooLarge(exceeded)
      parts.push(part)
    }
  } catch (thrown) {
    if (thrown instanceof HttpProblem) throw thrown
    // The client has left. Nobody reads this, and it is not an error to log.
    throw new HttpProblem(400, 'BODY_CUT_OFF', 'The body ended before it was complete.')
  }
  return Buffer.concat(parts)
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new HttpProblem(400, 'BODY_NOT_JSON', 'The body is not valid UTF-8.')
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    throw new HttpProblem(400, 'BODY_NOT_JSON', `The body is not valid JSON: ${(thrown as Error).message}.`)
  }
}

function largerThan(bytes: number): string {
  return `is larger than ${bytes / MEBIBYTE} MiB`
}

/** Returns a problem whose answer also closes the connection, so that the rest of the body is not read. */
function tooLarge(exceeded: string): HttpProblem {
  return new HttpProblem(413, 'BODY_TOO_LARGE', `The body ${exceeded}.`, { connection: 'close' })
}

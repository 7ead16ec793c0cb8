/** Header `Idempotency-Key`, with which a request starts an execution once. */

import { UsageError } from '../../errors.ts'
import type { Runner } from '../../runner/runner.ts'

export const KEY_HEADER = 'Idempotency-Key'
export const REPLAYED_HEADER = 'Idempotent-Replayed'

/** Maximum size of the header. Keys from other sources may be longer. */
export const MAX_HEADER_BYTES = 255

/** Answer of a handler to a repeated request: the answer to the first request, with status 200 and a header. */
export class Replayed {
  readonly answer: unknown

  constructor(answer: unknown) {
    this.answer = answer
  }
}

/** Returns the key of a request, or undefined. Throws `INVALID_ARGUMENT` for a header that is not a key. */
export function startKey({ headers }: Request): string | undefined {
  // Each character is a byte of the header.
  const bytes = headers.get(KEY_HEADER)
  if (bytes === null) return undefined
  if (bytes.length > MAX_HEADER_BYTES) throw invalid(`must have at most ${MAX_HEADER_BYTES} bytes, not ${bytes.length}`)
  const key = utf8(bytes)
  if (key === null) throw invalid('must be ASCII or UTF-8')
  if (/\p{Cc}/u.test(key)) throw invalid('must not contain control characters')
  if (key === '') throw invalid('must not be empty')
  return key
}

/** Starts an execution, and returns the answer to the request. */
export async function started(
  runner: Runner,
  workflow: string,
  contextText: string | null,
  { key, priority }: { readonly key: string | undefined; readonly priority?: number | undefined },
): Promise<{ readonly id: string } | Replayed> {
  const options = { ...(key !== undefined && { key }), ...(priority !== undefined && { priority }) }
  const { id, isReplayed } = await runner.workflows.start(workflow, contextText ?? '{}', options)
  return isReplayed ? new Replayed({ id }) : { id }
}

function utf8(bytes: string): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'))
  } catch {
    // Ignored: the caller reports it
    return null
  }
}

function invalid(reason: string): UsageError {
  return new UsageError('INVALID_ARGUMENT', `The header "${KEY_HEADER}" ${reason}.`, { path: KEY_HEADER })
}

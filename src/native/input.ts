/**
 * The border of the codec, shared by both implementations: what they accept, and how they refuse.
 * Called by addon.ts and twin.ts for every text and every fault, so that the two cannot differ in words or offsets.
 */

import { constants } from 'node:buffer'
import { UsageError } from '../errors.ts'
import type { JsonText } from './codec.ts'

/** The deepest nesting that is read. json_reader.h has the same number. */
export const MAX_DEPTH = 512

/** Why a text is refused. `Fault` in refusal.h has the first of them in the same order. */
export const FAULTS = [
  'unexpectedEnd',
  'unexpectedByte',
  'controlCharacter',
  'brokenEscape',
  'invalidUtf8',
  'tooDeep',
  'notAnObject',
  'tooLong',
] as const
export type Fault = (typeof FAULTS)[number]

/** Which of the texts of a merge is meant; null outside a merge. */
export type Position = number | null

const LONE_SURROGATE = /\p{Surrogate}/u
const NEVER_UTF8 = 0xff

/**
 * Returns the text, checked to be one. A string with half a surrogate pair has no UTF-8 form: it becomes the bytes before that
 * half and a byte that is never valid, which a reader then refuses at the right offset, or earlier if there is reason.
 */
export function acceptText(json: JsonText, position: Position = null): JsonText {
  if (typeof json === 'string') {
    if (json.isWellFormed()) return json
    return Buffer.concat([Buffer.from(json.slice(0, json.search(LONE_SURROGATE))), Buffer.of(NEVER_UTF8)])
  }
  if (!(json instanceof Uint8Array)) {
    throw new UsageError('INVALID_ARGUMENT', `A context's text must be a string or a Uint8Array, not ${typeof json}.`)
  }
  // Also of a buffer that was transferred away, which has no memory to look at.
  if (json.byteLength === 0) return ''
  if (json.byteLength > constants.MAX_STRING_LENGTH) {
    throw refusal('tooLong', constants.MAX_STRING_LENGTH, json, position)
  }
  return json
}

/** The error for a text that is wrong at a byte. */
export function refusal(fault: Fault, byteOffset: number, json: JsonText, position: Position): UsageError {
  const subject = position === null ? 'The context' : `Context ${position + 1} of the merge`
  const message = `${subject} is invalid: ${describe(fault, byteOffset, json)}.`
  const path = position === null ? {} : { path: `[${position}]` }
  return new UsageError('INVALID_CONTEXT', message, { byteOffset, ...path })
}

function describe(fault: Fault, byteOffset: number, json: JsonText): string {
  switch (fault) {
    case 'unexpectedEnd':
      return `its JSON ends at byte ${byteOffset}, before the value is complete`
    case 'unexpectedByte':
      return `its JSON has an unexpected ${characterAt(json, byteOffset)} at byte ${byteOffset}`
    case 'controlCharacter':
      return `the control character at byte ${byteOffset} must be written as an escape`
    case 'brokenEscape':
      return `its escape sequence has an invalid ${characterAt(json, byteOffset)} at byte ${byteOffset}`
    case 'invalidUtf8':
      return `it is not valid UTF-8 at byte ${byteOffset}`
    case 'tooDeep':
      return `it is nested deeper than ${MAX_DEPTH} levels at byte ${byteOffset}`
    case 'notAnObject':
      return `the value at byte ${byteOffset} is not an object`
    case 'tooLong':
      return `it is longer than ${byteOffset} bytes`
  }
}

function characterAt(json: JsonText, byteOffset: number): string {
  const bytes =
    typeof json === 'string' ? Buffer.from(json) : Buffer.from(json.buffer, json.byteOffset, json.byteLength)
  const [character = ''] = bytes.toString('utf8', byteOffset, byteOffset + 4)
  return JSON.stringify(character)
}

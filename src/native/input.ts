/**
 * Input checks and refusals of the codec. Called by addon.ts and twin.ts, so that both use the same words and offsets.
 */

import { constants } from 'node:buffer'
import { UsageError } from '../errors.ts'
import type { JsonText } from './codec.ts'

/** Maximum nesting. json_reader.h has the same number. */
export const MAX_DEPTH = 512

/** Reasons for refusing a text. `Fault` in refusal.h begins in the same order. */
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

/** Index of the text in a merge; null outside a merge. */
export type Position = number | null

const LONE_SURROGATE = /\p{Surrogate}/u
const NEVER_UTF8 = 0xff

/**
 * Returns the text after checking its type. Half a surrogate pair has no UTF-8 form, so such a string becomes the bytes
 * before it and an invalid byte, at which, or earlier, a reader refuses it.
 */
export function acceptText(json: JsonText, position: Position = null): JsonText {
  if (typeof json === 'string') {
    if (json.isWellFormed()) return json
    return Buffer.concat([Buffer.from(json.slice(0, json.search(LONE_SURROGATE))), Buffer.of(NEVER_UTF8)])
  }
  if (!(json instanceof Uint8Array)) {
    throw new UsageError('INVALID_ARGUMENT', `A context's text must be a string or a Uint8Array, not ${typeof json}.`)
  }
  // Also true of a buffer that was transferred away, which has no memory to read.
  if (json.byteLength === 0) return ''
  if (json.byteLength > constants.MAX_STRING_LENGTH) {
    throw refusal('tooLong', constants.MAX_STRING_LENGTH, json, position)
  }
  return json
}

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

/**
 * Table of test cases for the two codecs: the C++ addon, and its twin in TypeScript.
 * The tests of this folder use it, and tools/check-native.mjs passes it to the C++ parts.
 * A text is a string, bytes in hexadecimal digits, or repeated pieces.
 */

import { readFileSync } from 'node:fs'
import { nativeCodec } from '../../src/native/addon.ts'
import type { JsonCodec, JsonText } from '../../src/native/codec.ts'
import { twinCodec } from '../../src/native/twin.ts'

export type CaseText = string | { readonly hex: string } | { readonly repeat: readonly (readonly [string, number])[] }

/** Test case with either a result or the offset of the rejected byte. */
export interface CodecCase {
  readonly title: string
  readonly result?: CaseText | null
  readonly byteOffset?: number
}
interface OneTextCase extends CodecCase {
  readonly json: CaseText
}
interface PickCase extends OneTextCase {
  readonly key: string
}
interface MergeCase extends CodecCase {
  readonly jsons: readonly CaseText[]
  /** Index of the rejected text. */
  readonly position?: number
}

export interface CaseTable {
  readonly canonicalize: readonly OneTextCase[]
  readonly fingerprint: readonly OneTextCase[]
  readonly merge: readonly MergeCase[]
  readonly pick: readonly PickCase[]
  readonly refused: readonly OneTextCase[]
}

const TABLE_FILE = new URL('../fixtures/codec-cases.json', import.meta.url)

export const cases: CaseTable = JSON.parse(readFileSync(TABLE_FILE, 'utf8'))

export function textOf(text: CaseText): JsonText {
  if (typeof text === 'string') return text
  if ('hex' in text) return Buffer.from(text.hex.replaceAll(' ', ''), 'hex')
  return text.repeat.map(([piece, times]) => piece.repeat(times)).join('')
}

/** Returns the addon and its twin. Throws if the addon is missing, because the tests compare the two. */
export function bothCodecs(): readonly [JsonCodec, JsonCodec] {
  if (nativeCodec === null) throw new Error('The addon is not built: run `npm run install`.')
  return [nativeCodec, twinCodec]
}

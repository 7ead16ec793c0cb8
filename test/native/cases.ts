/**
 * The codec's case table as TypeScript sees it, and the two codecs it is for. Used by the tests of this folder, and by
 * tools/check-native.mjs, which hands the same table to the C++ parts.
 * A text is a string, bytes in hexadecimal digits, or pieces that are repeated.
 */

import { readFileSync } from 'node:fs'
import { nativeCodec } from '../../src/native/addon.ts'
import type { ContextCodec, JsonText } from '../../src/native/codec.ts'
import { twinCodec } from '../../src/native/twin.ts'

export type CaseText = string | { readonly hex: string } | { readonly repeat: readonly (readonly [string, number])[] }

/** Has either a result or the byte that is refused. */
export interface CodecCase {
  readonly title: string
  readonly result?: CaseText | null
  readonly byteOffset?: number
}
export interface OneTextCase extends CodecCase {
  readonly json: CaseText
}
export interface PickCase extends OneTextCase {
  readonly key: string
}
export interface MergeCase extends CodecCase {
  readonly jsons: readonly CaseText[]
  /** Which text is refused. */
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

/** The addon and the twin. A missing addon is a failure: the twin alone would prove nothing. */
export function bothCodecs(): readonly [ContextCodec, ContextCodec] {
  if (nativeCodec === null) throw new Error('The addon is not built: run `npm run install`.')
  return [nativeCodec, twinCodec]
}

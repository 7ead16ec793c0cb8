/** The codec of the addon. Used by index.ts, which takes the twin where there is no binary. */

import { binary } from './binary.ts'
import type { JsonCodec, JsonText } from './codec.ts'
import { acceptText, FAULTS, type Position, refusal } from './input.ts'

/** The index of a fault in FAULTS, the byte it is at, and the index of the text in a merge. */
type FaultAnswer = readonly [fault: number, byteOffset: number, position: number]

/**
 * Exports of addon.cc for the codec. The texts are concatenated in `memory`, each followed by PADDING bytes that the
 * addon may use. Wrong texts are answers. Throws only on misuse, or out of memory.
 */
export interface Addon {
  canonicalize(memory: Uint8Array, length: number): string | FaultAnswer
  fingerprint(memory: Uint8Array, length: number): string | FaultAnswer
  merge(memory: Uint8Array, lengths: readonly number[]): string | FaultAnswer
  mergeWithFingerprint(
    memory: Uint8Array,
    lengths: readonly number[],
  ): readonly [merged: string, fingerprint: string] | FaultAnswer
  /** The key is a JSON string, which can express half a surrogate pair in UTF-8. */
  pick(memory: Uint8Array, length: number, keyLength: number): string | null | FaultAnswer
}

/** JsonText::kPadding in json_text.h. */
const PADDING = 64
const MAX_BYTES_PER_UNIT = 3
const FIRST_MEMORY_BYTES = 64 * 1024
/** Maximum size of memory that is kept for later calls. */
const KEPT_MEMORY_BYTES = 4 * 1024 * 1024

export const nativeCodec: JsonCodec | null = binary === null ? null : codecOf(binary as Addon)

/**
 * Memory for texts to the addon. Writing texts here is several times quicker than encoding them by Node-API (seen with
 * Node 26), and nobody else can change them while they are read.
 */
let memory = Buffer.alloc(FIRST_MEMORY_BYTES)

function memoryFor(texts: readonly JsonText[]): Buffer {
  const needed = texts.reduce((sum, text) => sum + maxBytes(text) + PADDING, 0)
  if (needed <= memory.length) return memory
  if (needed > KEPT_MEMORY_BYTES) return Buffer.allocUnsafeSlow(needed)
  memory = Buffer.allocUnsafeSlow(Math.min(2 * needed, KEPT_MEMORY_BYTES))
  return memory
}

function maxBytes(text: JsonText): number {
  return typeof text === 'string' ? text.length * MAX_BYTES_PER_UNIT : text.byteLength
}

function write(text: JsonText, target: Buffer, at: number): number {
  if (typeof text === 'string') return target.write(text, at)
  target.set(text, at)
  return text.byteLength
}

function handOver(jsons: readonly JsonText[]) {
  const texts = jsons.map((json, position) => acceptText(json, position))
  const target = memoryFor(texts)
  let at = 0
  const lengths = texts.map((text) => {
    const length = write(text, target, at)
    at += length + PADDING
    return length
  })
  return { texts, target, lengths }
}

function refuseOneOf(texts: readonly JsonText[], answer: FaultAnswer): never {
  const [fault, byteOffset, position] = answer
  throw refusal(FAULTS[fault] ?? 'unexpectedByte', byteOffset, texts[position] ?? '', position)
}

function codecOf(addon: Addon): JsonCodec {
  return Object.freeze({
    kind: 'native',
    canonicalize: (json) => {
      const text = acceptText(json)
      const target = memoryFor([text])
      return textOrRefusal(addon.canonicalize(target, write(text, target, 0)), text)
    },
    fingerprint: (json) => {
      const text = acceptText(json)
      const target = memoryFor([text])
      return textOrRefusal(addon.fingerprint(target, write(text, target, 0)), text)
    },
    merge: (jsons) => {
      const { texts, target, lengths } = handOver(jsons)
      const answer = addon.merge(target, lengths)
      return typeof answer === 'string' ? answer : refuseOneOf(texts, answer)
    },
    mergeWithFingerprint: (jsons) => {
      const { texts, target, lengths } = handOver(jsons)
      const answer = addon.mergeWithFingerprint(target, lengths)
      if (answer.length === 3) return refuseOneOf(texts, answer)
      const [merged, fingerprint] = answer
      return { merged, fingerprint }
    },
    pick: (json, key) => {
      const text = acceptText(json)
      const keyText = JSON.stringify(key)
      const target = memoryFor([text, keyText])
      const length = write(text, target, 0)
      const answer = addon.pick(target, length, write(keyText, target, length + PADDING))
      return answer === null ? null : textOrRefusal(answer, text)
    },
  } satisfies JsonCodec)
}

function textOrRefusal(answer: string | FaultAnswer, json: JsonText, position: Position = null): string {
  if (typeof answer === 'string') return answer
  const [fault, byteOffset] = answer
  throw refusal(FAULTS[fault] ?? 'unexpectedByte', byteOffset, json, position)
}

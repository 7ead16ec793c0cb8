/**
 * Finds the addon's binary and gives it the codec's types. Called by index.ts, once a thread.
 * A missing binary is no error here: it is told in `addonProblem`, and the twin does the work.
 */

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { toError } from '../errors.ts'
import type { ContextCodec, JsonText } from './codec.ts'
import { acceptText, FAULTS, type Position, refusal } from './input.ts'

/** The index of a fault in FAULTS, the byte it is at, and the index of the text in a merge. */
type FaultAnswer = readonly [fault: number, byteOffset: number, position: number]

/**
 * What addon.cc exports. The texts lie in `memory` behind each other, each followed by PADDING bytes that the addon may use.
 * Wrong texts are answers: it throws only when it is called in another way, or out of memory.
 */
interface Addon {
  canonicalize(memory: Uint8Array, length: number): string | FaultAnswer
  fingerprint(memory: Uint8Array, length: number): string | FaultAnswer
  merge(memory: Uint8Array, lengths: readonly number[]): string | FaultAnswer
  /** The key comes as a JSON string, which can say half a surrogate pair in UTF-8. */
  pick(memory: Uint8Array, length: number, keyLength: number): string | null | FaultAnswer
}

/** JsonText::kPadding in json_text.h. */
const PADDING = 64
const MAX_BYTES_PER_UNIT = 3
const FIRST_MEMORY_BYTES = 64 * 1024
/** Larger memory is for one call only. */
const KEPT_MEMORY_BYTES = 4 * 1024 * 1024

/** `src/native` and `dist/native` lie equally deep, so this is the package's folder from either. */
const PACKAGE_FOLDER = fileURLToPath(new URL('../..', import.meta.url))

const { addon, problem } = loadAddon()

/** The codec of the addon, or null when its binary cannot be loaded. */
export const nativeCodec: ContextCodec | null = addon === null ? null : codecOf(addon)
/** Why there is no native codec, in one line; null when there is one. */
export const addonProblem: string | null = problem

function loadAddon(): { addon: Addon | null; problem: string | null } {
  try {
    const load = createRequire(import.meta.url)('node-gyp-build') as (folder: string) => Addon
    return { addon: load(PACKAGE_FOLDER), problem: null }
  } catch (error) {
    const [firstLine = ''] = toError(error).message.split('\n')
    return { addon: null, problem: firstLine }
  }
}

/**
 * Memory through which texts reach the addon: writing them here is several times quicker than letting Node-API encode them
 * (seen with Node 26), and nobody else can change them while they are read.
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

/** Returns the number of bytes that were written. */
function write(text: JsonText, target: Buffer, at: number): number {
  if (typeof text === 'string') return target.write(text, at)
  target.set(text, at)
  return text.byteLength
}

function codecOf(addon: Addon): ContextCodec {
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
      const texts = jsons.map((json, position) => acceptText(json, position))
      const target = memoryFor(texts)
      let at = 0
      const lengths = texts.map((text) => {
        const length = write(text, target, at)
        at += length + PADDING
        return length
      })
      const answer = addon.merge(target, lengths)
      if (typeof answer === 'string') return answer
      const [, , position] = answer
      return textOrRefusal(answer, texts[position] ?? '', position)
    },
    pick: (json, key) => {
      const text = acceptText(json)
      const keyText = JSON.stringify(key)
      const target = memoryFor([text, keyText])
      const length = write(text, target, 0)
      const answer = addon.pick(target, length, write(keyText, target, length + PADDING))
      return answer === null ? null : textOrRefusal(answer, text)
    },
  } satisfies ContextCodec)
}

function textOrRefusal(answer: string | FaultAnswer, json: JsonText, position: Position = null): string {
  if (typeof answer === 'string') return answer
  const [fault, byteOffset] = answer
  throw refusal(FAULTS[fault] ?? 'unexpectedByte', byteOffset, json, position)
}

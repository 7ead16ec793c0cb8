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

/** What addon.cc exports. Wrong texts are answers; it throws only for what acceptText never lets through. */
interface Addon {
  canonicalize(json: JsonText): string | FaultAnswer
  fingerprint(json: JsonText): string | FaultAnswer
  merge(jsons: readonly JsonText[]): string | FaultAnswer
  /** The key comes as a JSON string, which can say half a surrogate pair in UTF-8. */
  pick(json: JsonText, keyAsJson: string): string | null | FaultAnswer
}

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

function codecOf(addon: Addon): ContextCodec {
  return Object.freeze({
    kind: 'native',
    canonicalize: (json) => {
      const text = acceptText(json)
      return textOrRefusal(addon.canonicalize(text), text)
    },
    fingerprint: (json) => {
      const text = acceptText(json)
      return textOrRefusal(addon.fingerprint(text), text)
    },
    merge: (jsons) => {
      const texts = jsons.map((json, position) => acceptText(json, position))
      const answer = addon.merge(texts)
      if (typeof answer === 'string') return answer
      const [, , position] = answer
      return textOrRefusal(answer, texts[position] ?? '', position)
    },
    pick: (json, key) => {
      const text = acceptText(json)
      const answer = addon.pick(text, JSON.stringify(key))
      return answer === null ? null : textOrRefusal(answer, text)
    },
  } satisfies ContextCodec)
}

function textOrRefusal(answer: string | FaultAnswer, json: JsonText, position: Position = null): string {
  if (typeof answer === 'string') return answer
  const [fault, byteOffset] = answer
  throw refusal(FAULTS[fault] ?? 'unexpectedByte', byteOffset, json, position)
}

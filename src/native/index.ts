/**
 * The context codec: the addon where its binary loads, else the TypeScript twin, which gives the same results.
 * Used by the engine's merges and the rules that look into a context.
 */

import { nativeCodec } from './addon.ts'
import { binaryProblem } from './binary.ts'
import type { JsonCodec } from './codec.ts'
import { twinCodec } from './twin.ts'

export type { JsonCodec, JsonText } from './codec.ts'

export const codec: JsonCodec = nativeCodec ?? twinCodec

/** The one line to log when the twin is used, and why it is; null when the addon is. */
export const codecNotice: string | null =
  binaryProblem === null
    ? null
    : `Using the slower TypeScript codec for contexts, because the native codec was not loaded (${binaryProblem}).`

/**
 * Limits the descriptors of scripts, because the system does not count pipes and unconnected sockets. More fail with
 * EMFILE. Set by `interpreter.ts` before a script runs.
 */

import type { EmscriptenFS } from './emscripten-fs.ts'

const TOLD_EVERY_MS = 1_000

export interface DescriptorLimit {
  /** Null: as many as Emscripten has, which are 4,097. */
  readonly openFiles: number | null
  /** From where on `many` is called; null: never. */
  readonly reportFrom: number | null
}

/** Calls `many` with the lowest free number near the limit, counted as the system counts descriptors. */
export function limitDescriptors(
  fs: EmscriptenFS,
  { openFiles, reportFrom }: DescriptorLimit,
  many: (count: number) => void,
): void {
  if (openFiles !== null) fs.MAX_OPEN_FDS = Math.min(fs.MAX_OPEN_FDS, openFiles - 1)
  if (reportFrom === null) return
  const { nextfd } = fs
  let toldAt = Number.NEGATIVE_INFINITY
  fs.nextfd = () => {
    const number = nextfd()
    const now = number < reportFrom ? toldAt : performance.now()
    if (now - toldAt >= TOLD_EVERY_MS) {
      toldAt = now
      many(number)
    }
    return number
  }
}

/**
 * How many descriptors scripts may have. Of pipes, and of sockets that are not connected, the system knows nothing, so that
 * its limit does not hold for them. Beyond it Emscripten says EMFILE, wherever a descriptor is made.
 * Set by `interpreter.ts` before a script runs.
 */

import type { EmscriptenFS } from './emscripten-fs.ts'

/** The engine hears of it no more often. */
const TOLD_EVERY_MS = 1_000

export interface DescriptorLimit {
  /** Null: as many as Emscripten has, which are 4,097. */
  readonly openFiles: number | null
  /** From where on `many` is called; null: never. */
  readonly reportFrom: number | null
}

/** `many` hears how many there are, near the limit; it is the lowest free number, as the system's are counted. */
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

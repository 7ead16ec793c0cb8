/**
 * Writes to a descriptor as C does: the call returns when everything is written, however long a reader takes, and
 * throws what the system says. For what belongs to whoever started the process: the output of a command, and that of a
 * program. Log lines and what a served script prints go through an `Outlet` instead.
 */

import { writeSync } from 'node:fs'

const PAUSE = new Int32Array(new SharedArrayBuffer(4))
const PAUSE_MS = 1

/**
 * Writes from `start` on, and returns where it came to: the end, unless `isInterrupted` says during a wait that it is to
 * stop. The standard streams of a process may be pipes that do not wait by themselves: Node has them so.
 */
export function writeAll(
  descriptor: number,
  bytes: Uint8Array,
  start = 0,
  isInterrupted: () => boolean = () => false,
): number {
  let written = start
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(PAUSE, 0, 0, PAUSE_MS)
      if (isInterrupted()) break
    }
  }
  return written
}

/**
 * Writes to a descriptor as C does: returns when everything is written, and throws the system's error. For output of a
 * command or a program. Log lines and output of served scripts go through an `Outlet`.
 */

import { writeSync } from 'node:fs'

const PAUSE = new Int32Array(new SharedArrayBuffer(4))
const PAUSE_MS = 1

/**
 * Writes from `start` on. Returns the end, or where it stopped because `isInterrupted` was true during a wait. Node may
 * set the standard streams of a process to non-blocking pipes.
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

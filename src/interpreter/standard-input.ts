/** Waits for what comes in on the process's standard input. Used by `session.ts` for scripts that read it. */

import { read } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const readDescriptor = promisify(read)
/** A terminal that Node opened without blocking has to be asked again. */
const ASK_AGAIN_AFTER_MS = 20

/** The next bytes, at most `size`; none at the end of the input. */
export async function readInput(size: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(size)
  for (;;) {
    try {
      const { bytesRead } = await readDescriptor(0, buffer, 0, size, null)
      return buffer.subarray(0, bytesRead)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EOF') return buffer.subarray(0, 0)
      if (code !== 'EAGAIN') throw error
      await delay(ASK_AGAIN_AFTER_MS)
    }
  }
}

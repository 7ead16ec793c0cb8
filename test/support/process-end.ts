/** Whether a process that is no child of the test still runs, and when it does no more. */

import { readFileSync } from 'node:fs'
import { vi } from 'vitest'
import { LIMIT_MS } from './limits.ts'

/** One whose parent is gone may stay as a zombie, when nobody asks for its end. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

export async function whenProcessEnds(pid: number): Promise<void> {
  await vi.waitUntil(() => !isRunning(pid), { timeout: LIMIT_MS, interval: 5 })
}

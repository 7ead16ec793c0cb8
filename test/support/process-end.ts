/** Checks of processes that are not children of the test. */

import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { LIMIT_MS } from './limits.ts'

/** Returns whether a process runs. A zombie does not: an ended process may remain as one if no parent waits for it. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

export async function whenProcessEnds(pid: number): Promise<void> {
  await expect.poll(() => isRunning(pid), { timeout: LIMIT_MS, interval: 5 }).toBe(false)
}

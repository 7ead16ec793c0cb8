/** What a process holds that must not grow by what it does again and again. */

import { readdirSync, readFileSync } from 'node:fs'

export interface HeldResources {
  readonly heapMib: number
  readonly residentMib: number
  readonly descriptors: number
  readonly children: number
  /** Of Node: handles and requests that are open. */
  readonly handles: number
  /** For signals and other events of the process. */
  readonly listeners: number
}

const BYTES_PER_MIB = 1_048_576

/** Of this process, after a collection of garbage where Node was started with `--expose-gc`. Linux. */
export function heldBy(): HeldResources {
  ;(globalThis as { gc?: () => void }).gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return {
    heapMib: heapUsed / BYTES_PER_MIB,
    residentMib: rss / BYTES_PER_MIB,
    descriptors: readdirSync('/proc/self/fd').length,
    children: readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).length,
    handles: process.getActiveResourcesInfo().length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  }
}

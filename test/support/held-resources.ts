/** Resources of a process, for tests which check that repeated work does not leak them. */

import { readdirSync, readFileSync } from 'node:fs'

export interface HeldResources {
  readonly heapMib: number
  readonly residentMib: number
  readonly descriptors: number
  readonly children: number
  /** Number of open handles and requests of Node. */
  readonly handles: number
  /** Number of listeners for signals and other events of the process. */
  readonly listeners: number
}

const BYTES_PER_MIB = 1_048_576

/** Returns the resources of this process, on Linux. Collects garbage first if Node runs with `--expose-gc`. */
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

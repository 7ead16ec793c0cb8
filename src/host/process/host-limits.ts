/**
 * Limits of one interpreter, and their effect on its process. Used by `python-host.ts`.
 *
 *   below four fifths of a limit     no report
 *   from four fifths                 the interpreter is replaced between polls (`interpreter-supervisor.ts`)
 *   at the limit                     Python's own memory: MemoryError; files: EMFILE; threads: RuntimeError
 *   at three quarters of it          JavaScript's own memory: V8 ends the process
 *   far above the memory limit       the process is killed, because other memory than Python's has grown
 *
 * A program has the same limits, but is never replaced or killed.
 */

import type { LogLimits, ResourceCeilings } from '../../border/protocol.ts'

export interface HostLimits {
  /** Maximum memory of one interpreter, in MiB. */
  readonly memoryMebibytes: number
  /** Maximum number of files, sockets and pipes, including the dozens that the interpreter needs itself. */
  readonly openFiles: number
  /**
   * Maximum number of Python threads of one interpreter. Each uses 60 MB of address space, and 2 of the 65,000 memory
   * mappings that Linux allows.
   */
  readonly threads: number
  readonly loadDeadlineMs: number
  /** Time between the request to stop a call and the kill of its interpreter. Null: the default of its Python. */
  readonly killAfterMs: number | null
  readonly logs: LogLimits
}

export const DEFAULT_LIMITS: HostLimits = Object.freeze({
  memoryMebibytes: 1_024,
  openFiles: 1_024,
  threads: 4_000,
  loadDeadlineMs: 30_000,
  killAfterMs: null,
  logs: Object.freeze({ attemptBytes: 1_048_576, pollBytes: 65_536, keepsSkips: false }),
})

/** Below this, a new interpreter already uses four fifths. */
export const MIN_MEMORY_MEBIBYTES = 384
/** Below this, the interpreter itself needs too many. */
export const MIN_OPEN_FILES = 128
/** Below this, a pool and a timer already use all. */
export const MIN_THREADS = 16

const NEAR_CEILING = 0.8
/** Share of the memory limit for V8's heap. */
const HEAP_SHARE = 0.75
const MIN_BEYOND_MEBIBYTES = 256
const BEYOND_CEILING = 0.25

export function resourceCeilings(
  { memoryMebibytes, openFiles, threads }: HostLimits,
  isProgram: boolean,
): ResourceCeilings {
  return {
    memoryMebibytes,
    openFiles: isProgram ? null : openFiles,
    threads,
    reportFrom: isProgram
      ? null
      : {
          residentMebibytes: Math.floor(memoryMebibytes * NEAR_CEILING),
          openFiles: Math.floor(openFiles * NEAR_CEILING),
          threads: Math.floor(threads * NEAR_CEILING),
        },
  }
}

/** Returns the limit of JavaScript objects. It is below `maxResidentMebibytes`, so that V8 ends the process first. */
export function heapMebibytes({ memoryMebibytes }: ResourceCeilings): number {
  return Math.floor(memoryMebibytes * HEAP_SHARE)
}

/** Returns the memory at which a process is killed immediately, to leave memory for others. */
export function maxResidentMebibytes({ memoryMebibytes }: ResourceCeilings): number {
  return memoryMebibytes + Math.max(MIN_BEYOND_MEBIBYTES, Math.floor(memoryMebibytes * BEYOND_CEILING))
}

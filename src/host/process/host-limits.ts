/**
 * What one interpreter may use and take, and what follows from it for its process. Used by `python-host.ts`.
 *
 *   below four fifths of a ceiling     nothing is said
 *   from there on                      the interpreter is replaced between polls (`interpreter-supervisor.ts`)
 *   at the ceiling                     Python's own memory: MemoryError; files: EMFILE; threads: RuntimeError
 *   at three quarters of it            JavaScript's own memory: V8 ends the process
 *   far beyond that of memory          the process is ended: it is not Python's own memory that grew
 *
 * A program keeps to the ceilings and is never replaced or ended: it is all that there is.
 */

import type { LogLimits, ResourceCeilings } from '../../border/protocol.ts'

export interface HostLimits {
  /** Maximum memory of one interpreter, in MiB. */
  readonly memoryMebibytes: number
  /** Of one interpreter that is served: files, sockets and pipes, and the dozens that it needs itself. */
  readonly openFiles: number
  /**
   * Maximum number of Python threads of one interpreter. Each uses 60 MB of address space, and 2 of the 65,000 memory
   * mappings that Linux allows.
   */
  readonly threads: number
  readonly loadDeadlineMs: number
  /** As the engine has them that keeps the logs. */
  readonly logs: LogLimits
}

export const DEFAULT_LIMITS: HostLimits = Object.freeze({
  memoryMebibytes: 1_024,
  openFiles: 1_024,
  threads: 4_000,
  loadDeadlineMs: 30_000,
  logs: Object.freeze({ attemptBytes: 1_048_576, pollBytes: 65_536, keepsSkips: false }),
})

/** Of less an interpreter has used four fifths when it has just begun. */
export const LEAST_MEMORY_MEBIBYTES = 384
/** Of fewer it needs too many itself. */
export const LEAST_OPEN_FILES = 128
/** Fewer are gone before a pool and a timer have begun. */
export const LEAST_THREADS = 16

const NEAR_CEILING = 0.8
/** What the process has beside Python's memory: the code of V8 and Pyodide, JavaScript's own. */
const HEAP_SHARE = 0.75
const LEAST_BEYOND_MEBIBYTES = 256
const BEYOND_CEILING = 0.25

export function ceilingsOf({ memoryMebibytes, openFiles, threads }: HostLimits, isProgram: boolean): ResourceCeilings {
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

/** What JavaScript's objects may take: less than what a process is ended for, which would come before it otherwise. */
export function heapMebibytes({ memoryMebibytes }: ResourceCeilings): number {
  return Math.floor(memoryMebibytes * HEAP_SHARE)
}

/** The memory of a process that is ended at once, so that the machine has some left for others. */
export function mostResidentMebibytes({ memoryMebibytes }: ResourceCeilings): number {
  return memoryMebibytes + Math.max(LEAST_BEYOND_MEBIBYTES, Math.floor(memoryMebibytes * BEYOND_CEILING))
}

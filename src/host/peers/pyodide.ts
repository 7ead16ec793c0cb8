/** Pyodide in a Node of its own: the kind of interpreter that needs no Python on the machine. */

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { borderDigest } from '../../border/build.ts'
import { PROTOCOL_VERSION } from '../../border/channel.ts'
import type { ProcessSettings } from '../../border/protocol.ts'
import { type Confinement, startConfined } from '../../native/restriction/confinement.ts'
import { compileCacheFolder } from '../environment/cache-folder.ts'
import { environmentFor } from '../environment/process-settings.ts'
import { ChildProcessPeer } from './child-process-peer.ts'
import type { Peer, PeerKind } from './peer.ts'

export const PYODIDE: PeerKind = Object.freeze({
  refusal: ({ protocolVersion, digest }) =>
    protocolVersion === PROTOCOL_VERSION && digest === borderDigest()
      ? null
      : 'cloaca was updated while this process was running. Restart this process',
  killAfterMs: 2_000,
  needsSlices: true,
  mayBeKilled: true,
} satisfies PeerKind)

export interface PyodideOptions {
  /** It stands for one program, which has the terminal and its Ctrl-C; else it holds scripts that are served. */
  readonly isProgram: boolean
  /** Where its standard output goes. */
  readonly stdoutTo: 'stdout' | 'stderr'
  /** How much memory JavaScript's objects may take; beyond it the process ends. */
  readonly heapMebibytes: number
  readonly environ: NodeJS.ProcessEnv
  /** Open in it from `FIRST_HANDED` on. */
  readonly handedDescriptors: readonly number[]
  /** Where compiled JavaScript is kept for the next start, if anywhere. */
  readonly compileCacheFolder: string | null
  /** Flags for its Node beside the usual ones. */
  readonly nodeFlags: readonly string[]
  /** Limits that the kernel sets for the interpreter's process; null for none. */
  readonly confinement: Confinement | null
}

const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? '../../interpreter/entry.ts' : '../../interpreter/entry.js',
  import.meta.url,
)
const STDERR = 2
/**
 * Of the memory for new objects of JavaScript. Node begins with 1 MiB, and collects garbage a dozen times until Pyodide is there: 40 ms of
 * a start (Node 26).
 */
const YOUNG_MEBIBYTES = 8

/** Of an interpreter whose scripts may do what this process may. */
export function usualOptions(
  given: Pick<PyodideOptions, 'isProgram' | 'stdoutTo' | 'heapMebibytes' | 'handedDescriptors'>,
  settings: Pick<ProcessSettings, 'environ'>,
): PyodideOptions {
  return {
    ...given,
    environ: environmentFor(settings),
    compileCacheFolder: compileCacheFolder(process.env),
    nodeFlags: [],
    confinement: null,
  }
}

export function spawnPyodide(options: PyodideOptions): Peer {
  const { isProgram, stdoutTo, environ, heapMebibytes, nodeFlags, handedDescriptors, compileCacheFolder } = options
  const { confinement } = options
  const flags = [`--max-old-space-size=${heapMebibytes}`, `--min-semi-space-size=${YOUNG_MEBIBYTES}`, ...nodeFlags]
  const stdout = stdoutTo === 'stderr' ? STDERR : 'inherit'
  const start = (): ChildProcess =>
    spawn(process.execPath, [...flags, fileURLToPath(ENTRY), compileCacheFolder ?? ''], {
      stdio: ['inherit', stdout, 'inherit', 'pipe', 'pipe', 'pipe', ...handedDescriptors],
      env: environ,
      // What a terminal sends to its foreground group is for the engine, which stops in order.
      detached: !isProgram,
      windowsHide: true,
    })
  return new ChildProcessPeer(confinement === null ? start() : startConfined(confinement, start))
}

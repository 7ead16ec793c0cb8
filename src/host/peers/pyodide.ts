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
import { type OutputTarget, type StandardOutputs, withOutputs } from './output-pipes.ts'
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
  /** Whether it runs one program, which has the terminal and its Ctrl-C, instead of served scripts. */
  readonly isProgram: boolean
  readonly stdoutTo: OutputTarget
  /** Memory limit for JavaScript objects. The process ends if it exceeds it. */
  readonly heapMebibytes: number
  readonly environ: NodeJS.ProcessEnv
  /** Descriptors that are open in it, starting at `FIRST_HANDED`. */
  readonly handedDescriptors: readonly number[]
  /** Cache of compiled JavaScript for the next start; null for none. */
  readonly compileCacheFolder: string | null
  readonly nodeFlags: readonly string[]
  /** Limits that the kernel sets for the interpreter's process; null for none. */
  readonly confinement: Confinement | null
}

const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? '../../interpreter/entry.ts' : '../../interpreter/entry.js',
  import.meta.url,
)
/**
 * Memory for new JavaScript objects. Node begins with 1 MiB, and its garbage collections cost 40 ms of a start (Node
 * 26).
 */
const YOUNG_MEBIBYTES = 8

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
  const start = (stdio: StandardOutputs): ChildProcess =>
    spawn(process.execPath, [...flags, fileURLToPath(ENTRY), compileCacheFolder ?? ''], {
      stdio: ['inherit', ...stdio, 'pipe', 'pipe', 'pipe', ...handedDescriptors],
      env: environ,
      // The engine receives the terminal's signals, and stops in order.
      detached: !isProgram,
      windowsHide: true,
    })
  const { output, result } = withOutputs(stdoutTo, (stdio) =>
    confinement === null ? start(stdio) : startConfined(confinement, () => start(stdio)),
  )
  return new ChildProcessPeer(result, output)
}

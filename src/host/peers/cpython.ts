/**
 * The system's CPython, with the engine's Python package. It leads a process group that contains the programs that
 * scripts start. When it ends, the whole group is ended.
 *
 *   killed ──▶ SIGTERM to the group ──▶ half a second later SIGKILL to the rest of it
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { PROTOCOL_VERSION, STACKS_OUT } from '../../border/channel.ts'
import type { Clock } from '../../engine/clock-port.ts'
import { ChildProcessPeer } from './child-process-peer.ts'
import { type OutputTarget, type ProcessOutput, withOutputs } from './output-pipes.ts'
import type { Hello, Peer, PeerKind } from './peer.ts'

const OLDEST_PYTHON = [3, 9] as const

const BYTES_PER_MEBIBYTE = 1_048_576
/** Page size of Linux on nearly every machine. A process with larger pages sends its size. */
const PAGE_BYTES = 4_096
const KILL_AFTER_TERM_MS = 500
/** Python writes its stacks immediately, unless its process is stopped. */
const STACKS_WITHIN_MS = 300
/** Pause after which the output of stacks is complete. */
const STACKS_END_AFTER_MS = 30

/** `packageDigest`: of the package in `packageFolder` (`environment/package-digest.ts`). */
export function cpythonKind(packageDigest: string, packageFolder: string): PeerKind {
  return {
    refusal: ({ protocolVersion, digest, python }) => {
      if (protocolVersion === PROTOCOL_VERSION && digest === packageDigest) return tooOldProblem(python ?? '')
      return (
        `the version of its Python package "cloaca" (${digest || 'unknown'}) does not match this engine ` +
        `(${packageDigest}) in "${packageFolder}". Install the package that comes with this engine, and restart the ` +
        `engine`
      )
    },
    killAfterMs: 1_000,
    needsSlices: false,
    mayBeKilled: true,
  }
}

/** Returns why a version of Python is too old, or null if it is supported. */
export function tooOldProblem(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST_PYTHON
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return null
  return `it is Python ${version}, but cloaca needs ${OLDEST_PYTHON.join('.')} or newer`
}

export interface CPythonOptions {
  /** Absolute path. */
  readonly executable: string
  readonly packageFolder: string
  readonly stdoutTo: OutputTarget
  readonly environ: NodeJS.ProcessEnv
  readonly cwd: string
}

export function spawnCPython(options: CPythonOptions, clock: Clock): Peer {
  const { executable, packageFolder, stdoutTo, environ, cwd } = options
  const { output, result } = withOutputs(stdoutTo, (stdio) =>
    spawn(executable, [join(packageFolder, 'cloaca', '_cpython', 'child.py')], {
      stdio: ['inherit', ...stdio, 'pipe', 'pipe', 'pipe', 'pipe'],
      env: environ,
      cwd,
      detached: true,
      windowsHide: true,
    }),
  )
  return new CPythonPeer(result, clock, output)
}

class CPythonPeer extends ChildProcessPeer {
  readonly #clock: Clock
  readonly #stacks: Readable | null
  #isKilled = false
  #groupEnd: Promise<void> | null = null

  constructor(process: ChildProcess, clock: Clock, output: ProcessOutput | null) {
    super(process, output)
    this.#clock = clock
    this.#stacks = ((process.stdio as readonly unknown[] | undefined)?.[STACKS_OUT] ?? null) as Readable | null
    this.#stacks?.on('error', () => undefined) // Ignored: the end of the process reports a failed read as well
    this.#stacks?.resume() // discards output that nobody has requested
    void this.left.then(() => this.#endGroup())
  }

  override get exited(): Promise<void> {
    return this.left.then(() => this.#endGroup())
  }

  override kill(): void {
    if (this.#isKilled) return
    this.#isKilled = true
    void this.#endGroup()
  }

  override residentMebibytes(): number | null {
    try {
      const [, pages = ''] = readFileSync(`/proc/${this.pid}/statm`, 'latin1').split(' ')
      return Math.floor((Number(pages) * PAGE_BYTES) / BYTES_PER_MEBIBYTE)
    } catch {
      return null // the process has ended, or this system is not Linux
    }
  }

  override async dumpStacks({ pid, stacksSignal }: Hello): Promise<string | null> {
    const stacks = this.#stacks
    if (stacks === null || stacksSignal === null) return null
    let text = ''
    const done = Promise.withResolvers<void>()
    const limit = this.#clock.wakeAfter(STACKS_WITHIN_MS, done.resolve)
    let pause = limit
    const read = (chunk: Buffer): void => {
      text += chunk.toString()
      if (pause !== limit) pause.cancel()
      pause = this.#clock.wakeAfter(STACKS_END_AFTER_MS, done.resolve)
    }
    stacks.on('data', read)
    if (send(pid, stacksSignal)) await done.promise
    stacks.off('data', read)
    stacks.resume()
    limit.cancel()
    pause.cancel()
    return text === '' ? null : text
  }

  #endGroup(): Promise<void> {
    this.#groupEnd ??= this.#endGroupOnce()
    return this.#groupEnd
  }

  async #endGroupOnce(): Promise<void> {
    const { pid } = this
    if (pid === undefined || !send(-pid, 'SIGTERM')) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#clock.wakeAfter(KILL_AFTER_TERM_MS, resolve)
    // Usually the whole group has ended when its first process has.
    void this.left.then(() => (send(-pid, 0) ? undefined : resolve()))
    await promise
    send(-pid, 'SIGKILL')
  }
}

/** Returns false if the process or group has ended. */
function send(pid: number, signal: NodeJS.Signals | number): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

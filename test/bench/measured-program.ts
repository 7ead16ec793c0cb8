/**
 * Programs of the benchmark, which run like programs of a user: in a separate process, with `cloaca run` or with the
 * system's CPython. The last line of their output contains the figures as JSON.
 */

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
export const PROGRAMS = fileURLToPath(new URL('./programs/', import.meta.url))
const PACKAGE = fileURLToPath(new URL('../../python', import.meta.url))

/** Command that starts a program. */
export interface Launcher {
  /** Words of the command line before the program. */
  readonly command: readonly [string, ...string[]]
  readonly environ: Readonly<Record<string, string>>
}

export const BY_CLOACA: Launcher = { command: [process.execPath, CLI, 'run'], environ: {} }

/** Returns a launcher for a CPython, which starts the engine of this repository when it needs an engine. */
export function byPython(executable: string): Launcher {
  const environ = { PYTHONPATH: PACKAGE, CLOACA_ENGINE: `'${process.execPath}' '${CLI}'` }
  return { command: [executable], environ }
}

/** Launcher for TypeScript programs. */
export const BY_NODE: Launcher = { command: [process.execPath], environ: {} }

export interface Finished {
  readonly stdout: string
  readonly wallMs: number
  /** Maximum sampled memory of the process and its children. */
  readonly residentMb: number
}

export interface Sampling {
  readonly launcher?: Launcher
  readonly environ?: Readonly<Record<string, string>>
  /** Whether memory is sampled. Each sample delays the program by some milliseconds. */
  readonly samplesMemory?: boolean
}

/** Runs a program to its end, and throws if it fails. */
export async function runProgram(
  args: readonly string[],
  { launcher = BY_CLOACA, environ = {}, samplesMemory = false }: Sampling = {},
): Promise<Finished> {
  const begin = performance.now()
  const [executable, ...words] = launcher.command
  const child = spawn(executable, [...words, ...args], { env: { ...process.env, ...launcher.environ, ...environ } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  let residentMb = 0
  const sample = () => (residentMb = Math.max(residentMb, residentMbOf(child.pid) ?? 0))
  const sampler = samplesMemory ? setInterval(sample, 250) : undefined
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve))
  clearInterval(sampler)
  if (exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${exitCode}: ${stderr.slice(-2000)}`)
  return { stdout, wallMs: performance.now() - begin, residentMb }
}

/** Returns the PSS of a process and its children in MB, in which shared memory is counted once; null without /proc. */
export function residentMbOf(pid: number | undefined): number | null {
  try {
    const [, kilobytes] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? []
    if (kilobytes === undefined) return null // the process has ended
    const own = (Number(kilobytes) * 1024) / 1e6
    return childrenOf(pid).reduce((sum, child) => sum + (residentMbOf(child) ?? 0), own)
  } catch {
    return null
  }
}

/** Returns the ids of running processes that the main thread of a process has started. */
export function childrenOf(pid: number | undefined): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** Runs a program of the folder `programs` and reads the figures that it prints. */
export async function measured(program: string, args: readonly string[], sampling: Sampling = {}) {
  const finished = await runProgram([join(PROGRAMS, program), ...args], sampling)
  const numbers = JSON.parse(finished.stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, number>
  return { ...finished, number: (name: string) => numbers[name] ?? Number.NaN }
}

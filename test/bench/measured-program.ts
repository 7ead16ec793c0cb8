/**
 * Runs a program of the benchmark to its end, as a user does: a process of its own, by `cloaca run` or by the machine's python,
 * whose last line is its figures in JSON.
 */

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
export const PROGRAMS = fileURLToPath(new URL('./programs/', import.meta.url))
const PACKAGE = fileURLToPath(new URL('../../python', import.meta.url))

/** A way of starting a program. */
export interface Launcher {
  /** What comes before the program. */
  readonly command: readonly [string, ...string[]]
  readonly environ: Readonly<Record<string, string>>
}

export const BY_CLOACA: Launcher = { command: [process.execPath, CLI, 'run'], environ: {} }

/** By a python of the machine, which starts the engine of this checkout when it needs one. */
export function byPython(executable: string): Launcher {
  const environ = { PYTHONPATH: PACKAGE, CLOACA_ENGINE: `'${process.execPath}' '${CLI}'` }
  return { command: [executable], environ }
}

/** By Node itself: a program of TypeScript. */
export const BY_NODE: Launcher = { command: [process.execPath], environ: {} }

export interface Finished {
  readonly stdout: string
  readonly wallMs: number
  /** Of the process and its children, the most that was seen. */
  readonly residentMb: number
}

export interface Sampling {
  readonly launcher?: Launcher
  readonly environ?: Readonly<Record<string, string>>
  /** Looking at the memory holds the program up for milliseconds. */
  readonly samplesMemory?: boolean
}

/** Runs a program to its end. */
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

/** Of a process and its children, from /proc; null where there is none. It is proportional: what is shared counts once. */
export function residentMbOf(pid: number | undefined): number | null {
  try {
    const [, kilobytes] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? []
    if (kilobytes === undefined) return null // it has ended
    const own = (Number(kilobytes) * 1024) / 1e6
    return childrenOf(pid).reduce((sum, child) => sum + (residentMbOf(child) ?? 0), own)
  } catch {
    return null
  }
}

/** The processes that a process's main thread has started, and that still are. */
export function childrenOf(pid: number | undefined): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** Runs a program of the folder `programs` and reads the figures that it prints. */
export async function measured(program: string, args: readonly string[], sampling: Sampling = {}) {
  const finished = await runProgram([join(PROGRAMS, program), ...args], sampling)
  const numbers = JSON.parse(finished.stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, number>
  return { ...finished, number: (name: string) => numbers[name] ?? Number.NaN }
}

/**
 * Runs a script as users do, in a temporary folder: with `cloaca run FILE`, or with CPython (see `test-python.ts`).
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { programFor } from './scenario-database.ts'
import { TEST_CACHE } from './test-cache.ts'
import { programCommand } from './test-python.ts'

const SCENARIOS = fileURLToPath(new URL('../scenarios/', import.meta.url))

export interface ScriptRun {
  readonly stdout: string
  readonly stderr: string
  /** Exit code, or null if a signal ended the process. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ScriptOptions {
  /** Words before the arguments of the script; by default the path of the script. */
  readonly target?: readonly string[]
  readonly args?: readonly string[]
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Receives all output so far, each time the script prints. */
  readonly onOutput?: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void
  /** Receives each line that the script prints. The returned text is written to the script's stdin. */
  readonly onLine?: (line: string) => string
}

/** Returns the path of a file in `test/scenarios`. */
export function scenarioPath(name: string): string {
  return join(SCENARIOS, name)
}

/** Runs a file of `test/scenarios` to its end, in an empty folder or in `cwd`. */
export async function runScript(name: string, options: ScriptOptions = {}): Promise<ScriptRun> {
  await using program = await programFor(SCENARIOS, name)
  const cwd = options.cwd ?? mkdtempSync(join(tmpdir(), 'cloaca-run-'))
  try {
    return await run([...(options.target ?? [program.path]), ...(options.args ?? [])], cwd, options)
  } finally {
    if (options.cwd === undefined) rmSync(cwd, { recursive: true, force: true })
  }
}

function answerLines(child: ChildProcessWithoutNullStreams, onLine: (line: string) => string): void {
  createInterface({ input: child.stdout }).on('line', (line) => child.stdin.write(onLine(line)))
}

function run(words: readonly string[], cwd: string, options: ScriptOptions): Promise<ScriptRun> {
  const command = programCommand(words, options.env?.PYTHONPATH)
  const child = spawn(command.executable, command.words, {
    cwd,
    env: { ...process.env, CLOACA_CACHE_DIR: TEST_CACHE, ...options.env, ...command.environ },
  })
  const output: { stdout: string; stderr: string } = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
    options.onOutput?.(output.stdout, (signal) => child.kill(signal))
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  child.stdin.on('error', () => {}) // the script may end without reading all of stdin
  if (options.onLine === undefined) child.stdin.end(options.stdin ?? '')
  else answerLines(child, options.onLine)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode, signal) => resolve({ ...output, exitCode, signal }))
  })
}

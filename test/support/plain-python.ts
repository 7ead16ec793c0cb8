/** Programs that run under the system's CPython, and start the engine of this repository when they open a runner. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { vi } from 'vitest'
import { LIMIT_MS } from './limits.ts'
import { MAIN } from './main-path.ts'
import { PACKAGE_FOLDER } from './open-host.ts'
import { EXECUTABLE } from './test-python.ts'

const WAIT = { timeout: LIMIT_MS, interval: 5 }

/** Returns the environment with which a program finds the engine and the package of this repository. */
export function plainPythonEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    CLOACA_ENGINE: [process.execPath, MAIN].map((word) => `'${word}'`).join(' '),
    PYTHONPATH: PACKAGE_FOLDER,
    PYTHONDONTWRITEBYTECODE: '1',
  }
}

export interface ProgramEnd {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

/** Program in an empty folder and a new process group, as a terminal starts it. */
export class PlainProgram implements AsyncDisposable {
  readonly folder: string
  readonly ended: Promise<ProgramEnd>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #reader: Interface
  readonly #lines: string[] = []
  #stderr = ''
  #hasEnded = false

  constructor(path: string, words: readonly string[] = [], environment: NodeJS.ProcessEnv = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'cloaca-plain-'))
    this.#child = spawn(EXECUTABLE, [path, ...words], {
      cwd: this.folder,
      env: { ...plainPythonEnvironment(), ...environment },
      detached: true,
    })
    this.#reader = createInterface({ input: this.#child.stdout })
    this.#reader.on('line', (line) => this.#lines.push(line))
    this.#child.stderr.on('data', (chunk) => {
      this.#stderr += String(chunk)
    })
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject)
      this.#child.on('close', (exitCode, signal) => {
        this.#hasEnded = true
        resolve({ exitCode, signal })
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Lines printed on stdout so far. */
  get lines(): readonly string[] {
    return this.#lines
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Waits for the first line with this start, and returns its rest. Rejects if the program ends without the line. */
  async prints(start: string): Promise<string> {
    const found = () => this.#lines.find((each) => each.startsWith(start))
    await vi.waitUntil(() => found() !== undefined || this.#hasEnded, WAIT)
    const line = found()
    if (line === undefined) throw new Error(`It ended without "${start}":\n${this.#stderr}`)
    return line.slice(start.length).trim()
  }

  /** Writes to the stdin of the program. */
  type(text: string): void {
    this.#child.stdin.write(text)
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Sends a signal to the program and its child processes, as a terminal does. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.killGroup('SIGKILL')
    } catch {} // all processes have ended
    await this.ended
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/**
 * The command line as a user has it: a terminal in a folder of its own, in which `cloaca` is run and stopped.
 * Waiting is for a line that it prints, with a limit. What still runs at the end of a test is killed.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LIMIT_MS } from './limits.ts'
import { TEST_CACHE } from './test-cache.ts'
import { TEST_ENVIRON } from './test-python.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface ProcessEnd {
  readonly stdout: string
  readonly stderr: string
  /** Null when a signal ended the process. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

/** A line of the log, as programs read it. */
export interface LogRecord {
  readonly level: string
  readonly msg: string
  readonly [fact: string]: unknown
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Descriptors in place of pipes that are read. */
  readonly stdout?: number
  readonly stderr?: number
}

export class CloacaProcess {
  readonly ended: Promise<ProcessEnd>
  readonly #child: ChildProcess
  readonly #words: readonly string[]
  readonly #waiting = new Set<() => void>()
  #stdout = ''
  #stderr = ''

  constructor(words: readonly string[], cwd: string, options: ProcessOptions) {
    this.#words = words
    this.#child = spawn(process.execPath, [MAIN, ...words], {
      cwd,
      stdio: ['pipe', options.stdout ?? 'pipe', options.stderr ?? 'pipe'],
      // Many serve at once: none takes the port that is everybody's default.
      env: { ...process.env, CLOACA_CACHE_DIR: TEST_CACHE, CLOACA_HTTP_PORT: '0', ...TEST_ENVIRON, ...options.env },
    })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#look()
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#look()
    })
    this.#child.stdin?.on('error', () => {}) // a program that ends without reading all of it
    this.#child.stdin?.end(options.stdin ?? '')
    this.ended = this.#end()
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  /** The log so far. */
  get log(): readonly LogRecord[] {
    const lines = this.#stderr.split('\n').slice(0, -1)
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogRecord)
  }

  /** Settles when the process has printed this. */
  prints(text: string, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    return this.#until(`printing "${text}"`, () => (this[stream].includes(text) ? true : undefined)).then(() => {})
  }

  /** Settles when the process prints more on stdout. */
  printsMore(): Promise<void> {
    const before = this.#stdout.length
    return this.#until('printing more', () => (this.#stdout.length > before ? true : undefined)).then(() => {})
  }

  /** Settles when the process has printed this on stderr. */
  complains(text: string): Promise<void> {
    return this.#until(`complaining "${text}"`, () => (this.#stderr.includes(text) ? true : undefined)).then(() => {})
  }

  /** Settles with the first line of the log that has this in its message, or with the `count`th. */
  logs(text: string, count = 1): Promise<LogRecord> {
    const find = () => this.log.filter((record) => record.msg.includes(text))[count - 1]
    return this.#until(`logging "${text}" ${count} times`, find)
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  #look(): void {
    for (const look of this.#waiting) look()
  }

  #until<Found>(what: string, find: () => Found | undefined): Promise<Found> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        this.#waiting.delete(look)
      }
      const look = () => {
        const found = find()
        if (found === undefined) return
        stop()
        resolve(found)
      }
      const giveUp = (why: string) => {
        stop()
        const output = `${this.#stdout.slice(-2000)}\n${this.#stderr.slice(-4000)}`
        reject(new Error(`"cloaca ${this.#words.join(' ')}" ${why} without ${what}. It printed:\n${output}`))
      }
      const timer = setTimeout(() => giveUp(`ran ${LIMIT_MS} ms`), LIMIT_MS)
      this.#waiting.add(look)
      void this.ended.then(() => {
        look()
        if (this.#waiting.has(look)) giveUp('ended')
      })
      look()
    })
  }

  async #end(): Promise<ProcessEnd> {
    const [exitCode, signal] = (await once(this.#child, 'close')) as [number | null, NodeJS.Signals | null]
    return { stdout: this.#stdout, stderr: this.#stderr, exitCode, signal }
  }
}

export class Terminal implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'cloaca-terminal-'))
  readonly #processes: CloacaProcess[] = []

  /** Writes a file of the user's; returns its path. */
  write(name: string, text: string, mode = 0o644): string {
    const path = join(this.folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode })
    return path
  }

  /** Starts `cloaca` with these words. */
  start(words: readonly string[], options: ProcessOptions = {}): CloacaProcess {
    const started = new CloacaProcess(words, this.folder, options)
    this.#processes.push(started)
    return started
  }

  /** Runs `cloaca` with these words to its end. */
  run(words: readonly string[], options: ProcessOptions = {}): Promise<ProcessEnd> {
    return this.start(words, options).ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#processes) each.kill('SIGKILL')
    await Promise.all(this.#processes.map((each) => each.ended))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

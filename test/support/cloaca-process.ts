/**
 * Command line as users run it: a terminal with a temporary folder, in which tests start and stop `cloaca`.
 * Tests wait for printed lines, up to a limit. Processes that still run at the end of a test are killed.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { callCommand, isCallable, ownEnviron } from './command-call.ts'
import { LIMIT_MS } from './limits.ts'
import { MAIN } from './main-path.ts'
import { TEST_CACHE } from './test-cache.ts'
import { TEST_ENVIRON } from './test-python.ts'

export interface ProcessEnd {
  readonly stdout: string
  readonly stderr: string
  /** Exit code, or null if a signal ended the process. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

/** Line of the log in JSON. */
export interface LogRecord {
  readonly level: string
  readonly msg: string
  readonly [fact: string]: unknown
}

/** Returns the messages of lines in JSON. */
export function loggedMessages(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => (JSON.parse(line) as LogRecord).msg)
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Descriptor for the output, in place of a pipe that the test reads. */
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
      // Port 0 prevents conflicts between servers that run at the same time.
      env: { ...ownEnviron(), CLOACA_CACHE_DIR: TEST_CACHE, CLOACA_HTTP_PORT: '0', ...TEST_ENVIRON, ...options.env },
    })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#look()
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#look()
    })
    this.#child.stdin?.on('error', () => {}) // the program may end without reading all of stdin
    this.#child.stdin?.end(options.stdin ?? '')
    this.ended = this.#end()
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Records logged so far. */
  get log(): readonly LogRecord[] {
    const lines = this.#stderr.split('\n').slice(0, -1)
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogRecord)
  }

  /** Waits until the process has printed the text. */
  async prints(text: string, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    await this.#until(`printing "${text}"`, () => (this[stream].includes(text) ? true : undefined))
    expect(this[stream]).toContain(text)
  }

  /** Waits until the process prints more on stdout. */
  printsMore(): Promise<void> {
    const before = this.#stdout.length
    return this.#until('printing more', () => (this.#stdout.length > before ? true : undefined)).then(() => {})
  }

  /** Waits until the process has printed the text on stderr. */
  complains(text: string): Promise<void> {
    return this.prints(text, 'stderr')
  }

  /** Waits for the `count`th log record whose message contains the text, and returns it. */
  async logs(text: string, count = 1): Promise<LogRecord> {
    const find = () => this.log.filter((record) => record.msg.includes(text))[count - 1]
    const found = await this.#until(`logging "${text}" ${count} times`, find)
    expect(found.msg).toContain(text)
    return found
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

  /** Writes a file into the folder, and returns its path. */
  write(name: string, text: string, mode = 0o644): string {
    const path = join(this.folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode })
    return path
  }

  /** Starts `cloaca` with the given arguments. */
  start(words: readonly string[], options: ProcessOptions = {}): CloacaProcess {
    const started = new CloacaProcess(words, this.folder, options)
    this.#processes.push(started)
    return started
  }

  /** Calls `cloaca` in this process. The command must not start Python. */
  call(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ProcessEnd> {
    return callCommand(words, this.folder, env)
  }

  /** Runs `cloaca` to its end. Commands that start no Python are called in this process. */
  run(words: readonly string[], options: ProcessOptions = {}): Promise<ProcessEnd> {
    const { env = {}, ...descriptors } = options
    const isCall = isCallable(words) && Object.keys(descriptors).length === 0
    return isCall ? this.call(words, env) : this.start(words, options).ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#processes) each.kill('SIGKILL')
    await Promise.all(this.#processes.map((each) => each.ended))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

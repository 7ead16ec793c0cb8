/**
 * Runs the commands of the documentation as a reader would, with a database and a folder of their own.
 * Commands are lines for `sh`, run in the repository; `cloaca` in them is this repository's command line.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { LIMIT_MS } from './limits.ts'
import { ROOT } from './source-tree.ts'

/** Where the examples look when they are told nothing else, as the documentation writes it. */
const EXAMPLES_FOLDER = '/tmp/cloaca-examples'

const PRELUDE = `
cloaca() { node "${join(ROOT, 'src/cli/main.ts')}" "$@"; }
exec 2>&1
`

export interface CommandEnd {
  /** stdout and stderr, in the order in which they were written. */
  readonly lines: readonly string[]
  readonly exitCode: number | null
}

export interface Server extends AsyncDisposable {
  /** Settles when it has printed all of these lines, in any order; rejects after a while. */
  prints(lines: readonly string[]): Promise<void>
  /** Everything so far. */
  output(): string
}

/** The command of an example for Node, run with this repository's sources as the package `cloaca`. */
export function fromSource(command: string): string {
  return command.replace(/^npx node /, 'node --import ./test/support/own-package.ts ')
}

/** A terminal of one reader: everything is removed at its end. */
export class Shell implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'cloaca-docs-'))
  readonly #environment: Promise<NodeJS.ProcessEnv> = this.#makeEnvironment()
  readonly #servers: Server[] = []

  async run(command: string): Promise<CommandEnd> {
    const child = await this.#spawn(command)
    const chunks: string[] = []
    child.stdout?.setEncoding('utf8').on('data', (chunk) => chunks.push(chunk))
    const timer = setTimeout(() => stop(child, 'SIGKILL'), LIMIT_MS)
    const [exitCode] = (await once(child, 'close')) as [number | null]
    clearTimeout(timer)
    return { lines: this.#linesOf(chunks.join('')), exitCode }
  }

  /** Starts what runs until it is stopped. `mask` is applied to both sides before lines are compared. */
  async serve(command: string, mask: (lines: readonly string[]) => readonly string[]): Promise<Server> {
    const child = await this.#spawn(command)
    let text = ''
    const waiting = new Set<() => void>()
    child.stdout?.setEncoding('utf8').on('data', (chunk) => {
      text += chunk
      for (const look of waiting) look()
    })
    const ended = once(child, 'close')
    const output = () => this.#linesOf(text).join('\n')
    const missing = (lines: readonly string[]) => {
      const printed = new Set(mask(this.#linesOf(text)))
      return mask(lines).filter((line) => !printed.has(line))
    }
    const server: Server = {
      output,
      prints: (lines) =>
        new Promise((resolve, reject) => {
          const giveUp = (why: string) =>
            reject(new Error(`${why} without printing:\n${missing(lines).join('\n')}\nbut it printed:\n${output()}`))
          const timer = setTimeout(() => giveUp(`"${command}" ran ${LIMIT_MS} ms`), LIMIT_MS)
          const look = () => {
            if (missing(lines).length > 0) return
            clearTimeout(timer)
            waiting.delete(look)
            resolve()
          }
          waiting.add(look)
          void ended.then(() => giveUp(`"${command}" ended`))
          look()
        }),
      [Symbol.asyncDispose]: async () => {
        stop(child, 'SIGTERM')
        const timer = setTimeout(() => stop(child, 'SIGKILL'), LIMIT_MS)
        await ended
        clearTimeout(timer)
      },
    }
    this.#servers.push(server)
    return server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #spawn(command: string): Promise<ChildProcess> {
    const script = PRELUDE + command.replaceAll(EXAMPLES_FOLDER, join(this.#folder, 'examples'))
    // A group of its own, so that what the command starts is stopped with it.
    return spawn('sh', ['-c', script], {
      cwd: ROOT,
      env: await this.#environment,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
  }

  #linesOf(text: string): readonly string[] {
    const lines = text.replaceAll(join(this.#folder, 'examples'), EXAMPLES_FOLDER).split('\n')
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines
  }

  async #makeEnvironment(): Promise<NodeJS.ProcessEnv> {
    return {
      ...process.env,
      // As on a terminal, which has whole lines at once.
      PYTHONUNBUFFERED: '1',
      PATH: `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`,
      CLOACA_DATABASE_URL: `sqlite://${join(this.#folder, 'cloaca.db')}`,
      CLOACINA_VAR_EXAMPLES: join(this.#folder, 'examples'),
      PYTHONDONTWRITEBYTECODE: '1',
      PORT: String(await freePort()),
    }
  }
}

function stop(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it has just ended
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

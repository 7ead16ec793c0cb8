/**
 * Runs the commands of the documentation as a reader would, with a database and a folder of their own.
 * Commands are lines for `sh`, run in the repository; `cloaca` in them is this repository's command line.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { LIMIT_MS } from './limits.ts'
import { ROOT } from './source-tree.ts'
import { EXECUTABLE, TEST_ENVIRON, TEST_PYTHON } from './test-python.ts'

/** Where the examples look when they are told nothing else, as the documentation writes it. */
const EXAMPLES_FOLDER = '/tmp/cloaca-examples'

const MAIN = join(ROOT, 'src/cli/main.ts')

/** Where programs are tried under plain python, `cloaca run` in the documentation means that. */
const RUN =
  TEST_PYTHON === 'plain'
    ? `if [ "$1" = run ]; then shift; CLOACA_ENGINE="'${process.execPath}' '${MAIN}'" PYTHONPATH="${join(ROOT, 'python')}" ${EXECUTABLE} "$@"; return; fi`
    : ':'

const PRELUDE = `
cloaca() { ${RUN}; node "${MAIN}" "$@"; }
exec 2>&1
`

/** In a project, the package is this repository, and \`import … from 'cloaca'\` means its sources. */
const PROJECT_PRELUDE = `${PRELUDE}
python3() { PYTHONPATH="${join(ROOT, 'python')}" CLOACA_ENGINE="'${process.execPath}' '${MAIN}'" command python3 "$@"; }
npx() { if [ "$1" = cloaca ]; then shift; cloaca "$@"; else command npx "$@"; fi; }
node() {
  case "$1" in
    node_modules/cloaca/dist/cli/main.js) shift; cloaca "$@" ;;
    *) command node --import "${join(ROOT, 'test/support/own-package.ts')}" "$@" ;;
  esac
}
cloaca() { command node "${join(ROOT, 'src/cli/main.ts')}" "$@"; }
`

/** What the manual's projects depend on, beside the package. */
const PROJECT_PACKAGES = ['@hono', '@opentelemetry', '@types', 'express', 'fastify', 'hono', 'valibot']

export interface CommandEnd {
  /** stdout and stderr, in the order in which they were written. */
  readonly lines: readonly string[]
  readonly exitCode: number | null
}

export interface Server extends AsyncDisposable {
  /** Settles when it has printed all of these lines, in any order; rejects after a while. */
  prints(lines: readonly string[]): Promise<void>
  /** The same for lines beyond those that it was asked for by this method before, which do not count again. */
  printsNext(lines: readonly string[]): Promise<void>
  /** Everything so far. */
  output(): string
  /** Sends a signal to it, as the keyboard does. */
  interrupt(): void
}

/** The command of an example for Node, run with this repository's sources as the package `cloaca`. */
export function fromSource(command: string): string {
  return command.replace(/^npx node /, 'node --import ./test/support/own-package.ts ')
}

/** Where commands are run: in this repository, or in a project of the reader's own that depends on the package. */
export type Place = 'repository' | 'project'

/** A terminal of one reader: everything is removed at its end. */
export class Shell implements AsyncDisposable {
  readonly #place: Place
  readonly #folder = mkdtempSync(join(tmpdir(), 'cloaca-docs-'))
  readonly #environment: Promise<NodeJS.ProcessEnv> = this.#makeEnvironment()
  readonly #servers: Server[] = []

  constructor(place: Place = 'repository') {
    this.#place = place
    if (place === 'project') {
      const packages = join(this.folder, 'node_modules')
      mkdirSync(packages, { recursive: true })
      writeFileSync(join(this.folder, 'package.json'), '{ "name": "jobs", "type": "module" }\n')
      symlinkSync(ROOT, join(this.#folder, 'cloaca'))
      symlinkSync(ROOT, join(packages, 'cloaca'))
      for (const name of PROJECT_PACKAGES) symlinkSync(join(ROOT, 'node_modules', name), join(packages, name))
    }
  }

  /** The folder that commands are run in. */
  get folder(): string {
    return this.#place === 'project' ? join(this.#folder, 'jobs') : ROOT
  }

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
    const told: string[] = []
    const missingNext = (lines: readonly string[]) => without([...told, ...mask(lines)], mask(this.#linesOf(text)))
    const until = (missingNow: () => readonly string[]) =>
      new Promise<void>((resolve, reject) => {
        const giveUp = (why: string) =>
          reject(new Error(`${why} without printing:\n${missingNow().join('\n')}\nbut it printed:\n${output()}`))
        const timer = setTimeout(() => giveUp(`"${command}" ran ${LIMIT_MS} ms`), LIMIT_MS)
        const look = () => {
          if (missingNow().length > 0) return
          clearTimeout(timer)
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        void ended.then(() => giveUp(`"${command}" ended`))
        look()
      })
    const server: Server = {
      output,
      interrupt: () => stop(child, 'SIGINT'),
      prints: (lines) => until(() => missing(lines)),
      printsNext: async (lines) => {
        await until(() => missingNext(lines))
        told.push(...mask(lines))
      },
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
    const script =
      (this.#place === 'project' ? PROJECT_PRELUDE : PRELUDE) +
      command.replaceAll(EXAMPLES_FOLDER, join(this.#folder, 'examples'))
    // A group of its own, so that what the command starts is stopped with it.
    return spawn('sh', ['-c', script], {
      cwd: this.folder,
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
    const { CLOACA_DATABASE_URL: _, VIRTUAL_ENV: __, ...environ } = process.env
    return {
      ...environ,
      ...TEST_ENVIRON,
      // As on a terminal, which has whole lines at once.
      PYTHONUNBUFFERED: '1',
      PATH: `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`,
      ...(this.#place === 'repository' && { CLOACA_DATABASE_URL: `sqlite://${join(this.#folder, 'cloaca.db')}` }),
      CLOACINA_VAR_EXAMPLES: join(this.#folder, 'examples'),
      PYTHONDONTWRITEBYTECODE: '1',
      PORT: String(await freePort()),
    }
  }
}

/** What is left of some lines when each of others has taken one of its kind away. */
function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...lines]
  for (const other of others) {
    const index = left.indexOf(other)
    if (index >= 0) left.splice(index, 1)
  }
  return left
}

function stop(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it has just ended
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

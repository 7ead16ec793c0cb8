/**
 * Runs commands of the documentation as a reader would, with a temporary database and folder. Commands are lines for
 * `sh`, and `cloaca` in them is the command line of this repository.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect } from 'vitest'
import { LIMIT_MS } from './limits.ts'
import { MAIN } from './main-path.ts'
import { ROOT } from './source-tree.ts'
import { EXECUTABLE, TEST_ENVIRON, TEST_PYTHON } from './test-python.ts'

/** Default folder of the examples' files, as in the documentation. */
const EXAMPLES_FOLDER = '/tmp/cloaca-examples'

/** Shell code that replaces `cloaca run` by CPython, if programs are tested with it. */
const RUN =
  TEST_PYTHON === 'plain'
    ? [
        `if [ "$1" = run ]; then shift; CLOACA_ENGINE="'${process.execPath}' '${MAIN}'"`,
        `PYTHONPATH="${join(ROOT, 'python')}" ${EXECUTABLE} "$@"; return; fi`,
      ].join(' ')
    : ':'

const PRELUDE = `
cloaca() { ${RUN}; node "${MAIN}" "$@"; }
exec 2>&1
`

/** Prelude for a project, in which programs and `import … from 'cloaca'` use the sources of this repository. */
const PROJECT_PRELUDE = `${PRELUDE}
python3() { PYTHONPATH="${join(ROOT, 'python')}" CLOACA_ENGINE="'${process.execPath}' '${MAIN}'" command python3 "$@"; }
npx() { if [ "$1" = cloaca ]; then shift; cloaca "$@"; else command npx "$@"; fi; }
node() {
  case "$1" in
    node_modules/cloaca/dist/cli/main.js) shift; cloaca "$@" ;;
    *) command node --import "${join(ROOT, 'test/support/own-package.ts')}" "$@" ;;
  esac
}
cloaca() { command node "${MAIN}" "$@"; }
`

/** Dependencies of the manual's projects, besides cloaca. */
const PROJECT_PACKAGES = ['@hono', '@opentelemetry', '@types', 'express', 'fastify', 'hono', 'valibot']

export interface CommandEnd {
  /** Lines of stdout and stderr, in the order in which they were written. */
  readonly lines: readonly string[]
  readonly exitCode: number | null
}

export interface Server extends AsyncDisposable {
  /** Waits until the server has printed all lines, in any order. Rejects after `LIMIT_MS`. */
  prints(lines: readonly string[]): Promise<void>
  /** Waits until the server has printed all lines in addition to the lines of earlier calls. */
  printsNext(lines: readonly string[]): Promise<void>
  /** Returns the output so far. */
  output(): string
  /** Sends SIGINT to the server, like Ctrl+C, and waits for its end, as the prompt of a terminal does. */
  interrupt(): Promise<void>
}

/** Converts the command of a Node example so that it runs with the sources of this repository. */
export function fromSource(command: string): string {
  return command.replace(/^npx node /, 'node --import ./test/support/own-package.ts ')
}

/** Folder of the commands: this repository, or a reader's project that depends on the package. */
export type Place = 'repository' | 'project'

/** Terminal of one reader. Its servers and files are removed with it. */
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

  /** Working directory of the commands. */
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

  /** Starts a server. `mask` is applied to expected and printed lines before they are compared. */
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
    const until = async (missingNow: () => readonly string[]) => {
      await new Promise<void>((resolve, reject) => {
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
      expect(missingNow()).toEqual([])
    }
    const server: Server = {
      output,
      interrupt: async () => {
        stop(child, 'SIGINT')
        await ended
      },
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
    // A new process group, so that child processes of the command are stopped too.
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
      // Prints whole lines immediately, as on a terminal.
      PYTHONUNBUFFERED: '1',
      PATH: `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`,
      ...(this.#place === 'repository' && { CLOACA_DATABASE_URL: `sqlite://${join(this.#folder, 'cloaca.db')}` }),
      CLOACINA_VAR_EXAMPLES: join(this.#folder, 'examples'),
      PYTHONDONTWRITEBYTECODE: '1',
      PORT: String(await freePort()),
      // Another test may use the default port at the same time.
      CLOACA_HTTP_PORT: '0',
    }
  }
}

/** Returns the lines without the other lines. Each of the others removes one equal line. */
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
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // the process has just ended
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/**
 * Attacks a restricted interpreter from the inside. `test/restricted/scripts/escapes.py` runs the attempts in folder
 * `attempts`, in one process per set of grants. Used by `npm run attack` and by the tests of restricted scripts. The
 * attempts reach only this machine.
 */

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { type Restriction, Runner } from '../../src/index.ts'
import type { AttackClass, Attempts } from './report.ts'

/** Sets of grants, each for one process. The process may use nothing else of the machine. */
export const GRANT_SETS = {
  nothing: [],
  write: ['write'],
  network: ['write', 'net'],
  native: ['write', 'ffi'],
} as const satisfies Readonly<Record<string, readonly string[]>>
export type GrantSet = keyof typeof GRANT_SETS

export interface Tried {
  /** Outcomes by attempt (`kind: name`): `reached: …` or `refused: …`. */
  readonly attempts: Readonly<Record<string, string>>
  /** Results of permitted operations, or null if the script may not write. */
  readonly used: Readonly<Record<string, unknown>> | null
  /** Messages of the log. */
  readonly said: readonly string[]
  readonly outside: string
  /** Number of connections to the port that is not granted. */
  readonly connections: number
  /**
   * Whether the folder that is not granted and the protected files are unchanged, and no file was written beside the
   * script.
   */
  readonly isUnchanged: boolean
}

const SCRIPTS = fileURLToPath(new URL('../../test/restricted/scripts', import.meta.url))
const SECRET = 'a secret'

/**
 * Protected files in the folder that may be granted. Scripts must never write them, because the next start reads or
 * runs them.
 */
const KEPT = {
  'cloaca.toml': 'restrict = true\n',
  'package.json': '{ "cloaca": { "restrict": true } }\n',
  '.cloaca/packages/six.py': 'x = 1\n',
  'node_modules/cloaca/index.js': '0\n',
}

/** Targets of symbolic links in the folder that may be granted. The targets are in the folder that is not granted. */
const LINKS = {
  'link.txt': 'secret.txt',
  'moved.txt': 'secret.txt',
  'dangling.txt': 'made',
  'link.db': 'other.db',
  'swapped-link.db': 'other.db',
  'logged.db-shm': 'made',
  folder: '.',
}

/** Answers that are refusals. Other exceptions, such as NameError, are mistakes of the attempt itself. */
const REFUSED =
  /^refused: (PermissionError|OSError|FileNotFoundError|URLError|gaierror|herror|OperationalError|DatabaseError|RuntimeError|AttributeError|KeyError|ImportError|ModuleNotFoundError|JsException): /

export function isRefused(answer: string): boolean {
  return REFUSED.test(answer) && !answer.includes(SECRET)
}

/** Runs all attempts with one set of grants. */
export function tryToEscape(set: GrantSet): Promise<Tried> {
  return attempted({ grants: GRANT_SETS[set], isRestricted: true, only: null })
}

interface Attempted {
  readonly grants: readonly string[]
  readonly isRestricted: boolean
  /** Names of the attempts to run, or null for all. */
  readonly only: readonly string[] | null
}

async function attempted({ grants, isRestricted, only }: Attempted): Promise<Tried> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloaca-restricted-')))
  const [outside, writable] = [join(folder, 'outside'), join(folder, 'writable')]
  const before = readdirSync(SCRIPTS, { recursive: true }).length
  fill(outside, writable)
  const open = await listen()
  const granted = await listen()
  const locals = [outside, writable].map((each) => createServer().listen(join(each, 'engine.sock')))
  const said: string[] = []
  const restriction: Restriction = {
    ...(grants.includes('write') && { write: [writable] }),
    ...(grants.includes('net') && { net: [`127.0.0.1:${granted.port}`, `localhost:${granted.port}`] }),
    ffi: grants.includes('ffi'),
  }
  await using runner = await Runner.open({
    database: ':memory:',
    restrict: isRestricted ? restriction : null,
    log: ({ message }) => said.push(message),
  })
  try {
    await runner.load(join(SCRIPTS, 'escapes.py'))
    const context = { outside, writable, openPort: open.port, grantedPort: granted.port, grants: [...grants], only }
    const came = await executed(runner, 'escapes', context, 'came')
    const used = grants.includes('write') ? await executed(runner, 'uses', context, 'used') : null
    const isUnchanged =
      isAsFilled(outside) && isKept(writable) && readdirSync(SCRIPTS, { recursive: true }).length <= before
    return {
      attempts: came as Tried['attempts'],
      used: used as Tried['used'],
      ...{ said, outside, connections: open.connections(), isUnchanged },
    }
  } finally {
    for (const server of [open.server, granted.server, ...locals]) server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function executed(runner: Runner, workflow: string, context: Record<string, unknown>, name: string) {
  const done = await runner.execute(workflow, context as never)
  const value = done.context[name]
  if (value === undefined) throw new Error(`the attempts were not made: ${done.tasks.map(({ error }) => error ?? '')}`)
  return value
}

/** One class per set of grants. */
export const RESTRICTED_ATTACKS: readonly AttackClass[] = (Object.keys(GRANT_SETS) as readonly GrantSet[]).map(
  (set) => ({
    name: `restricted script, granted ${GRANT_SETS[set].join(' and ') || 'nothing'}`,
    run: (attempts) => attackRestricted(set, attempts),
  }),
)

/** Attempts that must succeed without a restriction. Otherwise, their refusal with a restriction proves nothing. */
const CONTROLS = [
  'files: absolute',
  'files: listing',
  'databases: opened',
  'kept: settings',
  'network: tcp',
  'programs: os_system',
]

async function attackRestricted(set: GrantSet, attempts: Attempts): Promise<void> {
  const free = await attempted({ grants: [], isRestricted: false, only: CONTROLS })
  const failed = CONTROLS.filter((name) => !free.attempts[name]?.startsWith('reached: '))
  if (failed.length > 0) throw new Error(`a script without restriction could not do this either: ${failed.join(', ')}`)
  const { attempts: answers, connections, isUnchanged } = await tryToEscape(set)
  for (const [attempt, answer] of Object.entries(answers))
    attempts.count(isRefused(answer) ? null : `${attempt}: ${answer}`)
  attempts.count(connections === 0 ? null : `${connections} connections to a port that is not granted`)
  attempts.count(isUnchanged ? null : 'files that are not granted have changed')
}

function fill(outside: string, writable: string): void {
  for (const each of [outside, writable]) mkdirSync(each)
  writeFileSync(join(outside, 'secret.txt'), SECRET)
  writeFileSync(join(outside, 'library.so'), 'no library')
  new Database(join(outside, 'other.db')).exec(`CREATE TABLE t (x); INSERT INTO t VALUES ('${SECRET}')`).close()
  for (const name of ['own.db', 'swapped.db']) {
    new Database(join(writable, name)).exec('CREATE TABLE t (x)').close()
  }
  for (const [name, text] of Object.entries(KEPT)) {
    mkdirSync(join(writable, name, '..'), { recursive: true })
    writeFileSync(join(writable, name), text)
  }
  mkdirSync(join(writable, 'sub'))
  symlinkSync(join(writable, 'cloaca.toml'), join(writable, 'settings-link'))
  for (const [name, target] of Object.entries(LINKS)) symlinkSync(join(outside, target), join(writable, name))
}

function isAsFilled(outside: string): boolean {
  const names = readdirSync(outside).sort().join()
  return (
    names === 'engine.sock,library.so,other.db,secret.txt' &&
    readFileSync(join(outside, 'secret.txt'), 'utf8') === SECRET
  )
}

function isKept(writable: string): boolean {
  const isSame = Object.entries(KEPT).every(([name, text]) => readFileSync(join(writable, name), 'utf8') === text)
  return isSame && readdirSync(join(writable, 'sub')).length === 0
}

interface Listening {
  readonly server: Server
  readonly port: number
  connections(): number
}

async function listen(): Promise<Listening> {
  let count = 0
  const server = createServer((socket) => {
    count += 1
    socket.on('error', () => undefined).end()
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as { readonly port: number }
  return { server, port, connections: () => count }
}

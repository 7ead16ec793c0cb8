/** PostgreSQL server for one test, which may kill, fill and copy it. It runs without `fsync`, to be fast. */

import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binaries, command, otherUser, type PostgresServer, serverIn, startIn, startServer } from './postgres-server.ts'

const SETTINGS = [
  'listen_addresses=',
  'fsync=off',
  'full_page_writes=off',
  'shared_buffers=32MB',
  'log_min_messages=fatal',
]

export class OwnPostgres implements Disposable {
  readonly folder: string
  readonly server: PostgresServer
  #isUp = true

  private constructor(folder: string) {
    this.folder = folder
    this.server = serverIn(folder)
  }

  static start(settings: readonly string[] = []): OwnPostgres {
    const folder = ownFolder()
    startServer(folder, [...SETTINGS, ...settings])
    return new OwnPostgres(folder)
  }

  /** Starts a replica of the server, which rejects writes until it is promoted. */
  replica(): OwnPostgres {
    const folder = ownFolder()
    const from = ['-h', this.folder, '-U', 'postgres', '-D', join(folder, 'data'), '-X', 'stream', '-c', 'fast', '-R']
    command(binaries(this.folder), 'pg_basebackup', from)
    startIn(folder, SETTINGS)
    return new OwnPostgres(folder)
  }

  promote(): void {
    command(binaries(this.folder), 'pg_ctl', ['promote', '-w', '-D', join(this.folder, 'data')])
  }

  /** Suspends or continues all processes of the server: while they are suspended, it accepts connections in vain. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    const main = readFileSync(join(this.folder, 'data/postmaster.pid'), 'utf8').split('\n')[0] ?? ''
    const listed = execFileSync('ps', ['-o', 'pid=', '--ppid', main, '--pid', main], { encoding: 'utf8' })
    for (const pid of listed.trim().split(/\s+/)) process.kill(Number(pid), signal)
  }

  /** Stops the server without a clean shutdown, like a crash. */
  kill(): void {
    if (!this.#isUp) return
    this.#isUp = false
    command(binaries(this.folder), 'pg_ctl', ['stop', '-D', join(this.folder, 'data'), '-m', 'immediate'])
  }

  [Symbol.dispose](): void {
    this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Creates a temporary folder that belongs to the user of the server. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-pg-'))
  const user = otherUser()
  if (user !== null) chownSync(folder, user.uid, user.gid)
  return folder
}

/** Creates a subfolder that belongs to the user of the server. */
export function serversFolder(parent: string, name: string): string {
  const folder = join(parent, name)
  mkdirSync(folder)
  const user = otherUser()
  if (user !== null) chownSync(folder, user.uid, user.gid)
  return folder
}

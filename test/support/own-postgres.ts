/** Servers that a test has to itself, which it may kill, fill and copy. They sync nothing: what is killed is the server, not the machine. */

import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
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

  /** A replica that follows it, and takes no writes until it is promoted. */
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

  /** Without a word to anybody, as a crash. */
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

/** Which the server's user may use. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-pg-'))
  const user = otherUser()
  if (user !== null) chownSync(folder, user.uid, user.gid)
  return folder
}

/** A folder in it that is the server's. */
export function serversFolder(parent: string, name: string): string {
  const folder = join(parent, name)
  mkdirSync(folder)
  const user = otherUser()
  if (user !== null) chownSync(folder, user.uid, user.gid)
  return folder
}

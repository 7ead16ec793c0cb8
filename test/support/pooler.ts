/** PgBouncer in transaction mode between a test and a server, so that each transaction may use another connection. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownFolder } from './own-postgres.ts'
import { otherUser, type PostgresServer } from './postgres-server.ts'

/** Number of connections to the server, which all clients share. */
const CONNECTIONS = 3
const STARTED_WITHIN_MS = 10_000

/** Returns the path of PgBouncer, or null if it is not installed. */
export function poolerProgram(): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
  return folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path)) ?? null
}

export interface Pooler extends AsyncDisposable {
  url(database: string): string
}

export async function startPooler(program: string, server: PostgresServer): Promise<Pooler> {
  const folder = ownFolder()
  const settings = join(folder, 'pgbouncer.ini')
  writeFileSync(
    settings,
    `[databases]
* = host=${server.socketFolder} port=5432
[pgbouncer]
pool_mode = transaction
unix_socket_dir = ${folder}
listen_addr =
listen_port = 5432
auth_type = trust
auth_file = ${join(folder, 'users')}
default_pool_size = ${CONNECTIONS}
max_client_conn = 200
`,
  )
  writeFileSync(join(folder, 'users'), '"postgres" ""\n')
  const user = otherUser()
  const child = spawn(program, [settings], { stdio: ['ignore', 'ignore', 'pipe'], ...(user ?? {}) })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const until = performance.now() + STARTED_WITHIN_MS
  while (!existsSync(join(folder, '.s.PGSQL.5432'))) {
    if (child.exitCode !== null || performance.now() > until) throw new Error(`pgbouncer does not start: ${said}`)
    await sleep(20)
  }
  return {
    url: (database) => `postgresql://postgres@/${database}?host=${encodeURIComponent(folder)}`,
    async [Symbol.asyncDispose]() {
      await ended(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

/**
 * PostgreSQL server for all simulations of this program, in its own folder, and in memory if the machine has a file
 * system for it. Each simulation gets a copy of a database with all tables and recording triggers.
 */

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPostgresStore } from '../../../src/store/postgres/postgres-store.ts'
import { administer, type PostgresServer, serverIn, startServer } from '../../support/postgres-server.ts'
import { SIMULATION_START } from '../simulated-clock.ts'
import { postgresRecorder } from './recording.ts'

/** Settings without background work and without deadlock detection, so that nothing depends on real time. */
const SETTINGS = [
  'listen_addresses=',
  'fsync=off',
  'full_page_writes=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'max_connections=100',
  'shared_buffers=128MB',
  'autovacuum=off',
  'deadlock_timeout=2147483647',
  'jit=off',
  'max_parallel_workers_per_gather=0',
  'synchronize_seqscans=off',
  'log_min_messages=fatal',
]

const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const TEMPLATE = 'simulation_template'

let started: Promise<PostgresServer> | undefined
let databases = 0

export interface PrivateDatabase {
  readonly url: string
  drop(): Promise<void>
}

/** Returns a database with all tables and triggers. */
export async function privateDatabase(): Promise<PrivateDatabase> {
  started ??= start()
  const { url } = await started
  databases += 1
  const name = `simulation_${databases}`
  await administer(url('postgres'), `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE} STRATEGY file_copy`)
  return {
    url: url(name),
    drop: async () => void (await administer(url('postgres'), `DROP DATABASE ${name} WITH (FORCE)`)),
  }
}

async function start(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(FOLDER, 'cloaca-simulation-pg-'))
  stopWithThisProcess(folder)
  startServer(folder, SETTINGS)
  const server = serverIn(folder)
  await administer(server.url('postgres'), `CREATE DATABASE ${TEMPLATE}`)
  await makeTables(server.url(TEMPLATE))
  await administer(server.url(TEMPLATE), postgresRecorder())
  return server
}

/** Stops the server and removes its folder when this process ends, also when it is killed. */
function stopWithThisProcess(folder: string): void {
  const script = 'cat > /dev/null; kill -QUIT "$(head -n 1 "$1/data/postmaster.pid")"; sleep 1; rm -rf "$1"'
  const child = spawn('sh', ['-c', script, 'sh', folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  child.unref()
  // The pipe to a child is a socket. The child waits for its end.
  const pipe = child.stdin as Socket
  pipe.unref()
}

/** Creates the tables without daily partitions, which the first process of a simulation creates. */
async function makeTables(url: string): Promise<void> {
  const clock = {
    now: () => SIMULATION_START,
    monotonic: () => 0,
    soon: (callback: () => void) => void setImmediate(callback),
  }
  const store = await openPostgresStore({
    url,
    durability: 'normal',
    clock: clock as never,
    serverNow: () => SIMULATION_START,
  })
  await store.close()
  await administer(url, DROP_PARTS)
}

const DROP_PARTS = `
DO $$
DECLARE
  part record;
BEGIN
  FOR part IN SELECT inhrelid::regclass AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
              WHERE relkind = 'r' AND relname ~ '_[0-9]{8}$' LOOP
    EXECUTE format('DROP TABLE %s', part.name);
  END LOOP;
END $$`

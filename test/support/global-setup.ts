/**
 * Runs once before all tests: makes the memory snapshot, so that tests which start interpreters at the same time do not
 * each make their own. Afterwards the database server is stopped, if any of them needed one.
 */

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { reservePostgres, stopPostgres } from './postgres-server.ts'
import { TEST_CACHE } from './test-cache.ts'

export function setup(): void {
  reservePostgres()
  const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  execFileSync(process.execPath, [cli, 'run', '-c', 'pass'], {
    env: { ...process.env, CLOACA_CACHE_DIR: TEST_CACHE },
    stdio: 'inherit',
  })
}

export function teardown(): void {
  stopPostgres()
}

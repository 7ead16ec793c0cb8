/**
 * Setup that runs once before all tests: creates the memory snapshot, so that tests which start interpreters at the
 * same time do not create one each. After all tests, it stops the database server if a test started one.
 */

import { execFileSync } from 'node:child_process'
import { MAIN } from './main-path.ts'
import { reservePostgres, stopPostgres } from './postgres-server.ts'
import { TEST_CACHE } from './test-cache.ts'

export function setup(): void {
  reservePostgres()
  execFileSync(process.execPath, [MAIN, 'run', '-c', 'pass'], {
    env: { ...process.env, CLOACA_CACHE_DIR: TEST_CACHE },
    stdio: 'inherit',
  })
}

export function teardown(): void {
  stopPostgres()
}

/**
 * Runs once before all tests: makes the memory snapshot, so that tests which start interpreters at the same time do not
 * each make their own.
 */

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export function setup(): void {
  const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  execFileSync(process.execPath, [cli, 'run', '-c', 'pass'], { stdio: 'inherit' })
}

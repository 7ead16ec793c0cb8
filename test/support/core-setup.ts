/**
 * Setup of the project `core`: a test that starts a process fails. Failures of this project are never excused by the
 * load of the machine (see `tools/again`), and processes are what depends on it.
 */

import processes from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'

for (const name of ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync'] as const) {
  Object.assign(processes, {
    [name]: () => {
      throw new Error(`${name}() in a test of the project "core": see test/support/test-projects.ts`)
    },
  })
}
syncBuiltinESMExports()

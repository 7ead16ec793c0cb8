/** Version of the included Python. Called by the command line. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Returns the Python version of Pyodide, without starting it. */
export function pythonVersion(): string {
  const folder = dirname(createRequire(import.meta.url).resolve('pyodide'))
  return String(JSON.parse(readFileSync(join(folder, 'pyodide-lock.json'), 'utf8')).info.python)
}

/**
 * Digest by which an engine and a CPython process check that they have the same Python package `cloaca`. Must match
 * `cloaca/_cpython/build.py`. Called before the first CPython process is started.
 */

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'

/** Only Pyodide uses these. */
const NOT_OF_CPYTHON = /^_(?:adapt|packages|missing)\//

/** `packageFolder` contains the package. Throws if it cannot be read. */
export function packageDigest(packageFolder: string): string {
  const root = join(packageFolder, 'cloaca')
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll(sep, '/'))
    .filter((path) => path.endsWith('.py') && !NOT_OF_CPYTHON.test(path))
  const hash = createHash('sha256')
  for (const path of paths.sort()) hash.update(`\0${path}\0`).update(readFileSync(join(root, path)))
  return hash.digest('hex').slice(0, 16)
}

/**
 * Tries the real files of Pyodide's distribution, unlike the tests: `node tools/try-pyodide-builds.mjs [NAME…]`.
 *
 * Installs each package with `cloaca pip install` into a new folder, and imports the modules that the lock file names.
 * Prints one line per package, and exits with 1 if a package failed. If the server of Pyodide does not answer, prints
 * that and exits with 2. `CLOACA_PYODIDE_MIRROR` names another server or folder.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const USUAL = [
  ...['numpy', 'pandas', 'pyarrow', 'polars', 'scipy', 'cryptography', 'cffi', 'lxml', 'pyyaml', 'pillow', 'orjson'],
  ...['pymongo', 'asyncpg', 'duckdb', 'regex', 'inspice'],
]
const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))

const lock = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve('pyodide/pyodide-lock.json')), 'utf8'))
const { version } = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve('pyodide/package.json')), 'utf8'))
const address = process.env.CLOACA_PYODIDE_MIRROR ?? `https://cdn.jsdelivr.net/pyodide/v${version}/full`

if (address.includes('://')) await requireAnswer(`${address}/${lock.packages.numpy.file_name}`)
const failed = (process.argv.length > 2 ? process.argv.slice(2) : USUAL).filter((name) => !works(name))
process.exit(failed.length === 0 ? 0 : 1)

async function requireAnswer(url) {
  try {
    const { status } = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(10_000) })
    if (status === 200) return
    console.error(`${url} answers ${status}: nothing was tried.`)
  } catch (error) {
    console.error(`${address} does not answer (${error.cause?.code ?? error.message}): nothing was tried.`)
  }
  process.exit(2)
}

/** Installs and imports one package, and prints the result. */
function works(name) {
  const build = lock.packages[name]
  if (build === undefined) {
    console.log(`${name.padEnd(16)} is not in the lock file`)
    return false
  }
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-build-'))
  try {
    const cloaca = (...words) => spawnSync(process.execPath, [MAIN, ...words], { cwd: folder, encoding: 'utf8' })
    const installed = cloaca('pip', 'install', `${name}==${build.version}`)
    const imported = cloaca('run', '-c', build.imports.map((each) => `import ${each}`).join('\n') || 'pass')
    const bad = [installed, imported].find((each) => each.status !== 0)
    const said = bad?.stderr.trim().split('\n').at(-1) ?? `installed, imported: ${build.imports.join(', ')}`
    console.log(`${name.padEnd(16)} ${build.version.padEnd(12)} ${bad === undefined ? '' : 'FAILED '}${said}`)
    return bad === undefined
  } finally {
    rmSync(folder, { recursive: true })
  }
}

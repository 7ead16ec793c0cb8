/**
 * Lists adaptations to Pyodide, for the upgrade to a new version: each file whose header names the version of Pyodide
 * that needs the adaptation, and the tests that the header names after "Proved by".
 *
 *     node tools/adaptations.ts                 lists all adaptations, and those without a test
 *     node tools/adaptations.ts --prove FILE…   runs the tests of adaptations in a copy of the checkout without them
 *
 * Exits with 1 if a test does not exist, or if the tests of an adaptation pass without the adaptation.
 */

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDERS = ['python/cloaca', 'src']
const ADAPT = 'python/cloaca/_adapt'

/** Version of Pyodide: three numbers, the first with three digits. The lookbehind excludes IP addresses. */
const PYODIDE_VERSION = /(?<![\d.])\d{3}\.\d+\.\d+(?!\.?\d)/g
const PROOF = /Proved by ((?:`+[^`]+`+[,\s*]*(?:and\s+)?)+)/g

export interface Adaptation {
  /** Path from the root. */
  readonly file: string
  /** Version of Pyodide in which the adaptation was needed. */
  readonly seenIn: string
  /** Tests that fail without the adaptation. */
  readonly tests: readonly string[]
}

/** Returns every adaptation of a checkout, sorted by file. */
export function adaptationsIn(root: string): readonly Adaptation[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(py|ts)$/.test(name))
      .sort()
      .flatMap((name) => adaptationOf(root, `${folder}/${name.replaceAll('\\', '/')}`)),
  )
}

function adaptationOf(root: string, file: string): readonly Adaptation[] {
  const text = readFileSync(join(root, file), 'utf8')
  const [seenIn] = [...text.matchAll(PYODIDE_VERSION)].map(([version]) => version)
  if (seenIn === undefined) return []
  const tests = [...text.matchAll(PROOF)].flatMap(([, names = '']) =>
    [...names.matchAll(/`+([^`]+)`+/g)].map(([, name = '']) => name),
  )
  return [{ file, seenIn, tests }]
}

/** Returns the tests of an adaptation that do not exist. */
function missingTests({ tests }: Adaptation): readonly string[] {
  return tests.filter((test) => !existsSync(join(ROOT, test)))
}

function list(adaptations: readonly Adaptation[]): number {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const pyodide: string = manifest.dependencies.pyodide
  const width = Math.max(...adaptations.map(({ file }) => file.length))
  for (const { file, seenIn, tests } of adaptations) {
    console.log(`${file.padEnd(width)}  ${seenIn}  ${tests.join(', ') || '-'}`)
  }
  const untested = adaptations.filter(({ tests }) => tests.length === 0)
  const older = adaptations.filter(({ seenIn }) => seenIn !== pyodide)
  const missing = adaptations.filter((each) => missingTests(each).length > 0)
  console.log(`\n${adaptations.length} adaptations to Pyodide ${pyodide}`)
  console.log(`${untested.length} without a test${namesOf(untested)}`)
  console.log(`${older.length} last checked with an older Pyodide${namesOf(older)}`)
  if (missing.length === 0) return 0
  for (const each of missing) console.log(`${each.file} names a test that does not exist: ${missingTests(each)}`)
  return 1
}

function namesOf(adaptations: readonly Adaptation[]): string {
  return adaptations.map(({ file }) => `\n  ${file}`).join('')
}

function prove(files: readonly string[], adaptations: readonly Adaptation[]): number {
  const ends = files.map((file) => {
    const adaptation = adaptations.find((each) => each.file === relative(ROOT, join(process.cwd(), file)))
    const verdict = adaptation === undefined ? 'is not an adaptation' : isNeeded(adaptation)
    console.log(`\n${file} ${verdict}`)
    return verdict === STILL_NEEDED
  })
  return ends.every(Boolean) ? 0 : 1
}

const STILL_NEEDED = 'is still needed: its tests fail without it'

function isNeeded({ file, tests }: Adaptation): string {
  if (tests.length === 0) return 'has no test'
  const checkout = mkdtempSync(join(tmpdir(), 'cloaca-without-'))
  try {
    cpSync(ROOT, checkout, {
      recursive: true,
      filter: (path) => !/^(\.git|build|dist|node_modules)$/.test(relative(ROOT, path)),
    })
    for (const folder of ['build', 'node_modules']) symlinkSync(join(ROOT, folder), join(checkout, folder))
    if (!leaveOut(checkout, file))
      return `is not installed by a call of prepare() or install() in ${ADAPT}: remove it by hand`
    const { status } = spawnSync(process.execPath, [join(checkout, 'tools/test.ts'), ...tests], { stdio: 'inherit' })
    return status === 0 ? 'is not needed: its tests pass without it' : STILL_NEEDED
  } finally {
    rmSync(checkout, { recursive: true, force: true })
  }
}

/** Removes the calls that install a module, and returns whether there was one. */
function leaveOut(checkout: string, file: string): boolean {
  const call = new RegExp(`^( +)${basename(file, '.py')}\\.(prepare|install)\\(.*$`, 'gm')
  const callers = [join(checkout, ADAPT), join(checkout, dirname(file))].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.py'))
      .map((name) => join(folder, name)),
  )
  const changed = [...new Set(callers)].filter((path) => {
    const text = readFileSync(path, 'utf8')
    const without = text.replace(call, '$1pass')
    if (without !== text) writeFileSync(path, without)
    return without !== text
  })
  return changed.length > 0
}

if (import.meta.main) {
  const [option, ...files] = process.argv.slice(2)
  const adaptations = adaptationsIn(ROOT)
  process.exitCode = option === '--prove' ? prove(files, adaptations) : list(adaptations)
}

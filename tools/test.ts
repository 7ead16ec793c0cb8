/**
 * `npm test`: runs all tests, or the named ones. Python tests run in the engine, with the sources of this checkout.
 * Everything else is passed to vitest, with its options; arguments after a second `--` are passed to pytest. If no file
 * is named, tests that take minutes are left out. They have npm scripts of their own: see CONTRIBUTING.md.
 *
 *     npm test -- engine                                          vitest, on files whose path has "engine" in it
 *     npm test -- python/tests/test_task.py                       pytest, in the engine
 *     npm test -- python/tests/test_task.py test/cli -- -x -k id  both
 */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CLOACA = join(ROOT, 'src', 'cli', 'main.ts')

/** Folder below `python`, Python file, or test in such a file: `python/tests/test_x.py::test_y[z]`. */
const PYTHON_TEST = /^(\.[\\/])?python([\\/]|$)|\.py(::.*)?$/

process.exitCode = main(process.argv.slice(2))

function main(words: readonly string[]): number {
  const separator = words.indexOf('--')
  const forVitest = separator < 0 ? words : words.slice(0, separator)
  const forPytest = separator < 0 ? [] : words.slice(separator + 1)
  const pythonTests = forVitest.filter(isPythonTest)
  const others = forVitest.filter((word) => !isPythonTest(word))
  // Vitest runs all its tests if no Python test is named, and otherwise only the named ones.
  const runsVitest = pythonTests.length === 0 || others.length > 0
  if (pythonTests.length === 0 && forPytest.length > 0) {
    console.error('npm test: options for pytest, but no Python test is named')
    return 2
  }
  const ends = [runsVitest ? runVitest(others) : 0, pythonTests.length > 0 ? runPytest(pythonTests, forPytest) : 0]
  return ends.find((code) => code !== 0) ?? 0
}

function isPythonTest(word: string): boolean {
  return !word.startsWith('-') && PYTHON_TEST.test(word)
}

function runVitest(words: readonly string[]): number {
  const manifest = createRequire(import.meta.url).resolve('vitest/package.json')
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { vitest: string } }
  const isAll = words.every((word) => word.startsWith('-')) && !words.some((word) => word.startsWith('--project'))
  return runNode([join(dirname(manifest), bin.vitest), 'run', ...(isAll ? ['--project', 'engine'] : []), ...words])
}

function runPytest(tests: readonly string[], words: readonly string[]): number {
  return runNode([CLOACA, 'run', '-m', 'pytest', '-q', '-p', 'no:cacheprovider', ...tests, ...words])
}

function runNode(words: readonly string[]): number {
  const { status, signal, error } = spawnSync(process.execPath, words, { cwd: ROOT, stdio: 'inherit' })
  if (error !== undefined) throw error
  if (signal !== null) process.kill(process.pid, signal)
  return status ?? 1
}

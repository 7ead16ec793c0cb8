/**
 * The Python that scenarios and examples are run by: Pyodide, or with `CLOACA_TEST_PYTHON` a CPython of the machine, so that what users see
 * is the same. Nothing of it is in the scenarios. `cpython`: by `--python`, served and as programs; `plain`: programs are started by
 * the machine's python itself, with the engine as its child.
 *
 * `CLOACA_TEST_EXECUTABLE`: that python, by name or path; default `python3`.
 */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { PythonChoice } from '../../src/index.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const PACKAGE = fileURLToPath(new URL('../../python', import.meta.url))

export type TestPython = 'pyodide' | 'cpython' | 'plain'

export const TEST_PYTHON = (process.env.CLOACA_TEST_PYTHON ?? 'pyodide') as TestPython
export const EXECUTABLE = process.env.CLOACA_TEST_EXECUTABLE ?? 'python3'

/** What a runner is opened with. */
export const TEST_CHOICE: PythonChoice =
  TEST_PYTHON === 'pyodide' ? { kind: 'pyodide' } : { kind: 'cpython', executable: EXECUTABLE }

/** A CPython keeps what it prints to a pipe, and loses it when a signal ends it, as scripts in scenarios have it do. */
const UNBUFFERED = { PYTHONUNBUFFERED: '1' }

/** What commands are told by their environment. */
export const TEST_ENVIRON: Readonly<Record<string, string>> =
  TEST_PYTHON === 'pyodide' ? {} : { CLOACA_PYTHON: EXECUTABLE, ...UNBUFFERED }

/** Whether what only some versions of Python have, or some machines, is there. Pyodide's is the newest, and brings all along. */
export function testedPythonCan(code: string): boolean {
  return TEST_PYTHON === 'pyodide' || spawnSync(EXECUTABLE, ['-c', code], { stdio: 'ignore' }).status === 0
}

export interface ProgramCommand {
  readonly executable: string
  readonly words: readonly string[]
  readonly environ: Readonly<Record<string, string>>
}

/** How a program is started: what `cloaca run` or python is given. `PYTHONPATH` is what a test asks for. */
export function programCommand(words: readonly string[], pythonPath = process.env.PYTHONPATH): ProgramCommand {
  if (TEST_PYTHON !== 'plain')
    return { executable: process.execPath, words: [MAIN, 'run', ...words], environ: TEST_ENVIRON }
  const environ = {
    CLOACA_ENGINE: `'${process.execPath}' '${MAIN}'`,
    ...UNBUFFERED,
    PYTHONPATH: pythonPath === undefined ? PACKAGE : `${pythonPath}:${PACKAGE}`,
  }
  return { executable: EXECUTABLE, words, environ }
}

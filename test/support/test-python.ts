/**
 * Python that runs scenarios and examples. `CLOACA_TEST_PYTHON` selects it:
 * - `pyodide`: the default.
 * - `cpython`: cloaca starts CPython for served scripts and for programs, as with `--python`.
 * - `plain`: CPython runs programs, and starts the engine as its child process.
 *
 * `CLOACA_TEST_EXECUTABLE` is the name or path of the CPython; the default is `python3`.
 */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { PythonChoice } from '../../src/index.ts'
import { MAIN } from './main-path.ts'

const PACKAGE = fileURLToPath(new URL('../../python', import.meta.url))

export type TestPython = 'pyodide' | 'cpython' | 'plain'

export const TEST_PYTHON = (process.env.CLOACA_TEST_PYTHON ?? 'pyodide') as TestPython
export const EXECUTABLE = process.env.CLOACA_TEST_EXECUTABLE ?? 'python3'

/** Option `python` of runners. */
export const TEST_CHOICE: PythonChoice =
  TEST_PYTHON === 'pyodide' ? { kind: 'pyodide' } : { kind: 'cpython', executable: EXECUTABLE }

/** Prevents CPython from losing buffered output when a signal ends it, as in some scenarios. */
const UNBUFFERED = { PYTHONUNBUFFERED: '1' }

/** Environment variables of commands. */
export const TEST_ENVIRON: Readonly<Record<string, string>> =
  TEST_PYTHON === 'pyodide' ? {} : { CLOACA_PYTHON: EXECUTABLE, ...UNBUFFERED }

/** Returns whether the tested Python can run the code, which needs a certain version or module. Pyodide always can. */
export function testedPythonCan(code: string): boolean {
  return TEST_PYTHON === 'pyodide' || spawnSync(EXECUTABLE, ['-c', code], { stdio: 'ignore' }).status === 0
}

export interface ProgramCommand {
  readonly executable: string
  readonly words: readonly string[]
  readonly environ: Readonly<Record<string, string>>
}

/** Returns the command that runs a program, with `cloaca run` or CPython. A test may add its `PYTHONPATH`. */
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

/**
 * Replaces this process with a program under the system's CPython, which keeps the arguments, streams, signals,
 * terminal and process ID. If the program opens a runner, the package `cloaca` starts an engine for it. Called by the
 * command line's `run`.
 */

import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HostError, toError } from '../../errors.ts'
import { findExecutable, isCalledPython, pythonProblem, unusablePython } from './executable.ts'

const MAIN = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../cli/main.ts' : '../../cli/main.js', import.meta.url),
)
const PACKAGE_FOLDER = fileURLToPath(new URL('../../../python', import.meta.url))

export interface ReplacingPython {
  /** Name or path. */
  readonly executable: string
  readonly words: readonly string[]
  readonly environ: NodeJS.ProcessEnv
}

/** Does not return. Rejects with `INTERPRETER_START_FAILED` if that Python does not exist. */
export async function becomePython({ executable, words, environ }: ReplacingPython): Promise<never> {
  const path = findExecutable(executable, environ, process.cwd())
  if (!isCalledPython(path)) {
    const problem = await pythonProblem(path, environ)
    if (problem !== null) throw unusablePython(executable, problem)
  }
  try {
    execute(path, [executable, ...words], {
      ...environ,
      PYTHONPATH: [PACKAGE_FOLDER, ...(environ.PYTHONPATH ? [environ.PYTHONPATH] : [])].join(delimiter),
      CLOACA_ENGINE: [process.execPath, MAIN].map(quoted).join(' '),
    })
  } catch (error) {
    throw unusablePython(executable, toError(error).message, error)
  }
  throw new HostError(
    'INTERPRETER_START_FAILED',
    `Python "${executable}" did not start, and the system reported no error. Run the program without --python.`,
  )
}

function execute(path: string, words: readonly string[], environ: NodeJS.ProcessEnv): void {
  if (process.execve === undefined) {
    // Uncoded: the cause of a `HostError`
    throw new Error('this system cannot replace the cloaca process with that Python. Run the program without --python')
  }
  process.emitWarning = () => undefined // Node may change this function
  process.execve(path, words, environ as Record<string, string>)
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`
}

/** Finds the Python that a user names, and finds out why it does not start. Used by `starter.ts`. */

import { type ExecException, execFile } from 'node:child_process'
import { type Stats, statSync } from 'node:fs'
import { basename, delimiter, join, resolve, sep } from 'node:path'
import { HostError, toError } from '../../errors.ts'
import { tooOldProblem } from '../peers/cpython.ts'

const ANSWERS_WITHIN_MS = 10_000
const LONGEST_ANSWER_BYTES = 65_536
/** Program that prints the version under every Python, also under one that is far too old. */
const QUESTION = 'import sys; print("cloaca %d.%d.%d" % tuple(sys.version_info[:3]))'
const PYTHON_NAME = /^(?:python|pypy)[\d.]*(?:\.exe)?$/

/** Returns the absolute path of a program. A relative path starts at `folder`. Throws `INTERPRETER_START_FAILED`. */
export function findExecutable(
  executable: string,
  environ: Readonly<Record<string, string | undefined>>,
  folder: string,
): string {
  if (!executable.includes('/') && !executable.includes(sep)) {
    const folders = (environ.PATH ?? '').split(delimiter).filter((each) => each !== '')
    const path = folders.map((each) => resolve(folder, each, executable)).find((each) => problemOf(each) === null)
    if (path !== undefined) return path
    throw unusablePython(
      executable,
      'there is no such program in the folders of PATH. Install it, or use the path of another Python',
    )
  }
  const path = resolve(folder, executable)
  const problem = problemOf(path)
  if (problem === null) return path
  throw unusablePython(executable, problem)
}

function problemOf(path: string): string | null {
  const status = statusOf(path)
  if (typeof status === 'string') return `"${path}" cannot be read: ${status}`
  if (status === undefined) return `there is no file "${path}". Check the path`
  if (status.isDirectory()) {
    const inner = join(path, 'bin', 'python')
    const hint = statSync(inner, { throwIfNoEntry: false }) === undefined ? 'the path of its executable' : `"${inner}"`
    return `"${path}" is a folder. Use ${hint}`
  }
  return status.isFile() && (status.mode & 0o111) !== 0 ? null : `"${path}" is not an executable file`
}

/** Returns the reason as text if the system refuses to tell, for example because a folder is not readable. */
function statusOf(path: string): Stats | string | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    return toError(error).message
  }
}

export function unusablePython(executable: string, problem: string, cause?: unknown): HostError {
  return new HostError('INTERPRETER_START_FAILED', `Python "${executable}" cannot be used: ${problem}.`, { cause })
}

/** Returns whether a program is named python. Such a program is not checked before it is started. */
export function isCalledPython(path: string): boolean {
  return PYTHON_NAME.test(basename(path))
}

/** Returns the reason why a program is not a usable Python, or null if it is one. Never rejects. */
export function pythonProblem(path: string, environ: NodeJS.ProcessEnv): Promise<string | null> {
  return new Promise((settle) => {
    const limits = { timeout: ANSWERS_WITHIN_MS, maxBuffer: LONGEST_ANSWER_BYTES, killSignal: 'SIGKILL' } as const
    const asked = execFile(path, ['-c', QUESTION], { ...limits, env: environ }, (error, stdout) => {
      const [, version] = /^cloaca (\d+\.\d+\.\d+)$/m.exec(stdout) ?? []
      if (version !== undefined) return settle(tooOldProblem(version))
      settle(`it is not Python: when asked for its version, it ${error === null ? shown(stdout) : reasonOf(error)}`)
    })
    asked.stdin?.on('error', () => undefined).end() // Ignored: a program that is not Python may not read its input
  })
}

function shown(stdout: string): string {
  const [first = ''] = stdout.trim().split('\n')
  return first === '' ? 'printed nothing' : `printed ${JSON.stringify(first.slice(0, 80))}`
}

function reasonOf(error: ExecException): string {
  if (error.killed) return `did not answer within ${ANSWERS_WITHIN_MS / 1_000} s`
  if (error.signal) return `was killed by ${error.signal}`
  return typeof error.code === 'number' ? `ended with exit code ${error.code}` : `did not start (${error.code})`
}

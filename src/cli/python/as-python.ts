/**
 * What scripts start as `sys.executable`: the command line is python's, and a program that a signal ends, ends by that signal.
 * Reached through the launcher of `host/environment/python-launcher.ts` alone.
 */

import { pythonVersion } from '../../runner/start/python-version.ts'
import { runPython } from '../run.ts'
import { writeStderr, writeStdout } from '../standard-streams.ts'
import { PythonUsage, parsePython } from './options.ts'

const USAGE = `usage: python [option] ... [-c cmd | -m mod | file | -] [arg] ...
This is the Python of the cloaca engine. Options: -b -B -d -E -I -O -P -q -s -S -u -v -V -W arg -X opt\n`
const WRONG_USAGE = 2
const SIGNALLED = 128
const DIES_WITHIN_MS = 1_000

export async function asPython(words: readonly string[]): Promise<number> {
  try {
    const commandLine = parsePython(words, process.env)
    const { kind } = commandLine.target
    if (kind === 'version') return writeAndSucceed(`Python ${pythonVersion()}\n`)
    if (kind === 'help') return writeAndSucceed(USAGE)
    return endAs(await runPython(commandLine))
  } catch (error) {
    if (!(error instanceof PythonUsage)) throw error
    writeStderr(`${error.message}\n${USAGE}`)
    return WRONG_USAGE
  }
}

/** A program that a signal has ended ends this process by the same one: then this does not return. */
function endAs(exitCode: number): number {
  if (exitCode >= 0) return exitCode
  process.removeAllListeners()
  try {
    process.kill(process.pid, -exitCode)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, DIES_WITHIN_MS)
  } catch {} // no signal of this system: the code says it
  return SIGNALLED - exitCode
}

function writeAndSucceed(text: string): number {
  writeStdout(text)
  return 0
}

/** `sys.executable` of scripts, with python's command line. Reached through `host/environment/python-launcher.ts`. */

import { pythonVersion } from '../../runner/start/python-version.ts'
import { runPython } from '../run-command.ts'
import { writeStderr, writeStdout } from '../standard-streams.ts'
import { PythonUsage, parsePython } from './python-options.ts'

const USAGE = `usage: python [option] ... [-c cmd | -m mod | file | -] [arg] ...
This is the Python of the cloaca engine. Options: -b -B -d -E -I -O -P -q -s -S -u -v -V -W arg -X opt\n`
const WRONG_USAGE = 2
const SIGNALLED = 128
const DIES_WITHIN_MS = 1_000

export async function runAsPython(words: readonly string[]): Promise<number> {
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

/** Ends this process by the signal that has ended the program, and then does not return. */
function endAs(exitCode: number): number {
  if (exitCode >= 0) return exitCode
  process.removeAllListeners()
  try {
    process.kill(process.pid, -exitCode)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, DIES_WITHIN_MS)
  } catch {} // Ignored: the exit code states the signal, which this system does not have
  return SIGNALLED - exitCode
}

function writeAndSucceed(text: string): number {
  writeStdout(text)
  return 0
}

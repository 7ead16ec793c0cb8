/** Runs several commands of `cloaca pip` in one interpreter, which is faster than a process for each command. */

import { fileURLToPath } from 'node:url'
import type { Terminal } from './cloaca-process.ts'
import { scenarioPath } from './run-script.ts'

export const LOCK = fileURLToPath(import.meta.resolve('pyodide/pyodide-lock.json'))

export interface PipEnd {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** Runs the commands in the terminal's folder. `lock` is the path of the file that lists Pyodide's packages. */
export async function pipCommands(
  terminal: Terminal,
  env: Readonly<Record<string, string>>,
  commands: readonly string[],
  lock = LOCK,
): Promise<readonly PipEnd[]> {
  const words = JSON.stringify(commands.map((each) => each.split(' ')))
  const { stdout, stderr } = await terminal.run(['run', scenarioPath('pip_commands.py'), words, lock, '0'], { env })
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
  if (lines.length !== commands.length) throw new Error(`pip did not run to its end: ${stdout}\n${stderr}`)
  return lines.map((line) => JSON.parse(line))
}

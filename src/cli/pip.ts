/**
 * `cloaca pip`: installs packages that run in the engine's Python, by pip itself running there (`cloaca._engine.pip`).
 * Everything behind `pip` belongs to pip, as everything behind a script belongs to the script.
 */

import { Command } from 'commander'
import { startProgram } from '../index.ts'
import { openLog } from './log.ts'
import { printUsage } from './print.ts'

const MODULE = 'cloaca._engine.pip'

const USAGE = `usage: cloaca pip install NAME… [-r FILE] [--target DIR]
       cloaca pip list

Installs packages with their dependencies into .cloaca/packages, where run and
serve find them: pure-Python wheels, and wheels for Pyodide's ABI. Options,
configuration files and environment variables (PIP_INDEX_URL, PIP_CERT, …) are pip's.

Example:
  cloaca pip install pydantic`

export function pipCommand(finish: (code: number) => void): Command {
  return new Command('pip')
    .description('install packages for scripts, by means of pip: see cloaca pip --help')
    .argument('[words...]', 'arguments for pip')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: readonly string[]) => finish(await runPip(words)))
}

async function runPip(words: readonly string[]): Promise<number> {
  if (words[0] === undefined || words[0] === '-h' || words[0] === '--help') {
    printUsage(USAGE)
    return 0
  }
  const program = await startProgram({ kind: 'module', name: MODULE, argv: [MODULE, ...words] }, openLog('warn'))
  return await program.exitCode
}

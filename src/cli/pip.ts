/** `cloaca pip`: runs pip in the engine's Python (`cloaca._packages`). All arguments after `pip` are pip's. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Command } from 'commander'
import { printUsage } from './print.ts'
import { runTarget } from './run-command.ts'

const MODULE = 'cloaca._packages.command'

const USAGE = `usage: cloaca pip install NAME… [-r FILE] [-e FOLDER] [--upgrade]
       cloaca pip list | freeze | check | show NAME… | uninstall NAME…
       cloaca pip --version | help [COMMAND]

Installs packages and their dependencies into .cloaca/packages, where cloaca run and
cloaca serve find them. Packages must be pure Python, or wheels built for Pyodide.
All commands, options, configuration files and environment variables of pip work
(PIP_INDEX_URL, PIP_CERT, …).

Example:
  cloaca pip install pydantic`

/** Entry in `cloaca --help`. The command runs before any parsing. */
export function pipCommand(): Command {
  return new Command('pip').description('install Python packages with pip; see cloaca pip --help')
}

export async function runPip(words: readonly string[]): Promise<number> {
  if (words[0] === undefined || words[0] === '-h' || words[0] === '--help') {
    printUsage(USAGE)
    return 0
  }
  const { resolve } = createRequire(import.meta.url)
  const lock = resolve('pyodide/pyodide-lock.json')
  const { version } = JSON.parse(readFileSync(resolve('pyodide/package.json'), 'utf8'))
  return await runTarget({ kind: 'module', name: MODULE, argv: [MODULE, lock, String(version), ...words] })
}

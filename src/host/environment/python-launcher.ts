/**
 * The file that scripts find as `sys.executable`: a program that runs `cloaca` as python, with the settings of whoever made it.
 * It lies in the cache folder, under a digest of its contents, so that versions and settings stand side by side. Its variables
 * are set for cloaca only, where the caller has none of that name: the script does not see them.
 */

import { existsSync, fstatSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { HANDED_VARIABLE } from '../../border/channel.ts'
import { toError } from '../../errors.ts'
import { cacheFolder } from './cache-folder.ts'
import { closeToOthers, makeClosedFolders } from './trusted-files.ts'

/** Names, separated by commas, of variables that the launcher has set, for `hiddenVariables`. */
export const HIDDEN_VARIABLES = 'CLOACA_PYTHON_HIDDEN'
/** The folders of the project's packages that whoever made the launcher uses, for `inheritedPackages`. */
const PACKAGES = 'CLOACA_PYTHON_PACKAGES'
/** The word by which `cli/main.ts` knows that it is started as python. */
export const PYTHON_COMMAND = '--as-python'

const MAIN = new URL(import.meta.url.endsWith('.ts') ? '../../cli/main.ts' : '../../cli/main.js', import.meta.url).href
const NAME = 'python3'
/** SIGUSR1 would open the debugger of Node, which python does not have. */
const NO_DEBUGGER = '--disable-sigusr1'
/** Linux reads so much of a first line, and splits it at the first space. */
const LONGEST_FIRST_LINE = 120

export interface LauncherSettings {
  readonly environ: NodeJS.ProcessEnv
  readonly memoryMebibytes: number
  /** Folders, which a Python that is started elsewhere searches, too. */
  readonly packages: readonly string[]
}

/** Its path; '' where there can be none, of which `notice` hears. */
export function pythonLauncher(
  { environ, memoryMebibytes, packages }: LauncherSettings,
  notice: (message: string) => void,
): string {
  const cache = cacheFolder(environ)
  const files = filesOf({
    CLOACA_CACHE_DIR: cache,
    CLOACA_LIMITS_MEMORY: String(memoryMebibytes),
    ...(packages.length > 0 ? { [PACKAGES]: packages.join(delimiter) } : {}),
    ...(environ.VIRTUAL_ENV ? { VIRTUAL_ENV: environ.VIRTUAL_ENV } : {}),
  })
  const { createHash } = process.getBuiltinModule('node:crypto') // 6 ms, for which an interpreter need not wait
  const digest = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16)
  const parent = join(cache, 'python')
  const folder = join(parent, digest)
  try {
    makeClosedFolders(cache, parent)
    if (!existsSync(folder)) makeWhole(parent, folder, files)
    closeToOthers(folder)
    return join(folder, NAME)
  } catch (error) {
    notice(`sys.executable is empty, because its launcher could not be written: ${toError(error).message}`)
    return ''
  }
}

/** Another process may make the same at the same time. */
function makeWhole(parent: string, folder: string, files: Readonly<Record<string, string>>): void {
  const made = mkdtempSync(join(parent, 'new-'))
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(made, name), content, { mode: 0o755 })
    renameSync(made, folder)
  } catch (error) {
    rmSync(made, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
}

function filesOf(variables: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const firstLine = `#!${process.execPath} ${NO_DEBUGGER}`
  const code = launcherCode(variables)
  const manifest = { 'package.json': '{ "type": "commonjs" }\n' }
  if (firstLine.length <= LONGEST_FIRST_LINE && !/\s/.test(process.execPath)) {
    return { [NAME]: `${firstLine}\n${code}`, ...manifest }
  }
  const shell = `#!/bin/sh\nexec ${quoted(process.execPath)} ${NO_DEBUGGER} "$(dirname "$0")/launcher.js" "$@"\n`
  return { [NAME]: shell, 'launcher.js': code, ...manifest }
}

function launcherCode(variables: Readonly<Record<string, string>>): string {
  return `// Runs cloaca as python. Made by cloaca, which makes it again when it is missing.
'use strict'
const variables = ${JSON.stringify(variables)}
const missing = Object.keys(variables).filter((name) => process.env[name] === undefined)
for (const name of missing) process.env[name] = variables[name]
process.env.${HIDDEN_VARIABLES} = missing.join(',')
process.argv.splice(2, 0, '${PYTHON_COMMAND}')
import(${JSON.stringify(MAIN)})
`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** The variables of a process that are none of the script's. */
export function hiddenVariables(environ: NodeJS.ProcessEnv): ReadonlySet<string> {
  const names = environ[HIDDEN_VARIABLES]
  return new Set(names === undefined ? [] : [HIDDEN_VARIABLES, HANDED_VARIABLE, ...names.split(',')])
}

/** The packages of the process that started this one as python, where it did. */
export function inheritedPackages(environ: NodeJS.ProcessEnv): readonly string[] {
  const folders = hiddenVariables(environ).has(PACKAGES) ? (environ[PACKAGES] ?? '') : ''
  return folders.split(delimiter).filter((folder) => existsSync(folder))
}

/** What this process was handed as a Python, beside its standard streams. */
export function handedDescriptors(environ: NodeJS.ProcessEnv): readonly number[] {
  const numbers = hiddenVariables(environ).has(HANDED_VARIABLE) ? (environ[HANDED_VARIABLE] ?? '') : ''
  return numbers.split(',').filter(Boolean).map(Number).filter(isOpen)
}

function isOpen(descriptor: number): boolean {
  try {
    fstatSync(descriptor)
    return true
  } catch {
    return false // a shell in between has closed it
  }
}

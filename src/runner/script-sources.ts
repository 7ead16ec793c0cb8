/**
 * Finds the scripts that paths and module names stand for. Used by the runner, before a host hears of them.
 */

import {
  accessSync,
  constants,
  type Dirent,
  existsSync,
  readdirSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs'
import { basename, delimiter, isAbsolute, join, relative, resolve } from 'node:path'
import type { LoadTarget } from '../border/protocol.ts'
import { toError, UsageError } from '../errors.ts'

export interface ScriptSource {
  /** What messages call it, and the engine routes by: the path or module name as the user gave it. */
  readonly script: string
  readonly target: LoadTarget
  /** The folder that was given, where it was found in one. */
  readonly folder?: string
}

/** What a folder holds that would be served, if it could be looked at. */
export interface LeftOut {
  readonly path: string
  /** A sentence without its first capital: why, and what to do. */
  readonly reason: string
}

type LeaveOut = (each: LeftOut) => void

/** What Node puts into a file name for each byte that is not UTF-8: by such a name, no file is found. */
const NO_UTF8 = '\ufffd'

/** Files that Node imports as modules: TypeScript as it strips its types, and JavaScript. */
const MODULE_FILE = /\.m?[jt]s$/
/** Declarations of types, tests and settings of tools: nobody means them who names their folder. */
const NO_SCRIPT = /\.(d|test|spec|config|stories)\.m?[jt]s$/

const MODULE_NAME = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/

/** Folders of installed packages; those of hidden names and Python's caches are known by their first letter. */
const PACKAGE_FOLDERS: ReadonlySet<string> = new Set(['node_modules', 'site-packages'])

/**
 * The scripts of all places, each file once: what is named itself first keeps that name. A file is one script; a folder is
 * every file of Python (`.py`), TypeScript (`.ts`, `.mts`) and JavaScript (`.js`, `.mjs`) in it and in the folders below, in order
 * of the paths; anything else that looks like one is the name of a Python module. Throws `INVALID_ARGUMENT` for the rest.
 * `leaveOut`: hears of what is in a folder and cannot be looked at.
 */
export function scriptsAt(places: readonly string[], leaveOut: LeaveOut = () => undefined): readonly ScriptSource[] {
  const sources = places.flatMap((place) => sourcesAt(place, leaveOut))
  const named = new Set(sources.filter(({ folder }) => folder === undefined).map(({ target }) => identityOf(target)))
  const found = new Map<string, ScriptSource>()
  for (const source of sources) {
    const identity = identityOf(source.target)
    if (found.has(identity) || (source.folder !== undefined && named.has(identity))) continue
    found.set(identity, source)
  }
  return [...found.values()]
}

/**
 * What is still there of places that were served: nothing, where a file or folder has gone. `known`: scripts by their names.
 * `leaveOut`: hears of places, too, that cannot be looked at any more.
 */
export function scriptsStillAt(
  places: readonly string[],
  known: { has(script: string): boolean },
  leaveOut: LeaveOut = () => undefined,
): readonly ScriptSource[] {
  const isStill = (place: string) => isThere(place, leaveOut) || (isModuleName(place) && known.has(place))
  return scriptsAt(places.filter(isStill), leaveOut)
}

/** Whether a folder that is searched leaves out a file or folder of this path, which is below it. */
export function isLeftOut(path: string): boolean {
  const name = basename(path)
  return /^[_.]/.test(name) || PACKAGE_FOLDERS.has(name) || existsSync(join(path, 'pyvenv.cfg'))
}

/** Whether it is of TypeScript or JavaScript, and not of Python. */
export function isModuleFile(path: string): boolean {
  return MODULE_FILE.test(path)
}

/** Whether a folder is searched for files of this name. */
export function isScriptFile(name: string): boolean {
  return name.endsWith('.py') || (isModuleFile(name) && !NO_SCRIPT.test(name))
}

/**
 * Returns the places that are neither files nor folders, nor modules in these folders. Python may find a module elsewhere, as in its
 * standard library: only Python itself decides.
 */
export function missingModules(places: readonly string[], folders: readonly string[]): readonly string[] {
  const isIn = (folder: string, name: string) => ['', '.py'].some((suffix) => existsSync(join(folder, name + suffix)))
  return places.filter((place) => {
    const [name = ''] = place.split('.')
    return statusOf(place) === null && !folders.some((folder) => isIn(folder, name))
  })
}

/** Throws `INVALID_ARGUMENT` for what is no file or folder, and cannot be the name of a module. */
export function requirePlace(place: string): void {
  if (statusOf(place) === null && !isModuleName(place)) throw noSuchPlace(place)
}

function noSuchPlace(place: string): UsageError {
  const hint = place.includes(NO_UTF8) ? 'Its name is not valid UTF-8: rename it.' : 'Check the path.'
  return new UsageError('INVALID_ARGUMENT', `File or folder "${place}" not found. ${hint}`, { script: place })
}

function sourcesAt(place: string, leaveOut: LeaveOut): readonly ScriptSource[] {
  const status = statusOf(place)
  if (status?.isDirectory()) return scriptsInFolder(place, leaveOut)
  if (status !== null) return [fileSource(place)]
  if (isModuleName(place)) return [{ script: place, target: { kind: 'module', name: place } }]
  throw noSuchPlace(place)
}

function scriptsInFolder(folder: string, leaveOut: LeaveOut): readonly ScriptSource[] {
  const leftOut: LeftOut[] = []
  const paths = searched(folder, (each) => leftOut.push(each))
  for (const each of leftOut) leaveOut(each)
  if (paths.length > 0) return paths.map((path) => ({ ...fileSource(path), folder }))
  const message = `The folder "${folder}" and its subfolders contain no Python, TypeScript or JavaScript file (*.py, *.ts, *.mts, *.js, *.mjs).`
  throw new UsageError('INVALID_ARGUMENT', [message, ...leftOut.map(leftOutText)].join(' '), { script: folder })
}

export function leftOutText({ path, reason }: LeftOut): string {
  return `"${path}" is skipped: ${reason}`
}

function searched(folder: string, leaveOut: LeaveOut): readonly string[] {
  try {
    return filesBelow(folder, new Set(), leaveOut)
  } catch (error) {
    const message = `Cannot search the folder "${folder}": ${toError(error).message}`
    throw new UsageError('INVALID_ARGUMENT', message, { script: folder })
  }
}

/**
 * `above`: the folders that lead here, by their real paths, since a link may lead back to one of them. Throws what the system
 * says of the folder itself; `leaveOut` hears what it says of those below.
 */
function filesBelow(folder: string, above: ReadonlySet<string>, leaveOut: LeaveOut): readonly string[] {
  const real = realpathSync(folder)
  if (above.has(real)) return []
  const path = new Set([...above, real])
  return entriesIn(folder).flatMap((entry) => {
    const file = join(folder, entry.name)
    if (isLeftOut(file)) return []
    const mayHoldScripts = isScriptFile(entry.name) || entry.isDirectory()
    try {
      const status = statSync(file, { throwIfNoEntry: false }) // links count as what they lead to
      if (status?.isDirectory()) return filesBelow(file, path, leaveOut)
      if (status !== undefined) return isScriptFile(entry.name) ? [file] : []
      if (mayHoldScripts && entry.name.includes(NO_UTF8)) {
        leaveOut({ path: file, reason: 'its name is not valid UTF-8. Rename it.' })
      }
    } catch (error) {
      if (mayHoldScripts)
        leaveOut({
          path: file,
          reason: `it cannot be read (${toError(error).message}). Make it readable, or move it out of the folder.`,
        })
    }
    return []
  })
}

/** Throws where the names can be read, and nothing can be opened, too. */
function entriesIn(folder: string): readonly Dirent[] {
  accessSync(folder, constants.R_OK | constants.X_OK)
  return readdirSync(folder, { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** A file by its path from the current folder, where it is below that. */
export function sourceOfFile(path: string): ScriptSource {
  const near = relative('.', path)
  return fileSource(near.startsWith('..') || isAbsolute(near) ? path : near)
}

function isThere(place: string, leaveOut: LeaveOut): boolean {
  try {
    const status = statusOf(place)
    return status?.isDirectory() ? searched(place, leaveOut).length > 0 : status !== null
  } catch (error) {
    leaveOut({ path: place, reason: toError(error).message })
    return false
  }
}

function isModuleName(place: string): boolean {
  return MODULE_NAME.test(place) && !place.endsWith('.py') && !isModuleFile(place)
}

function fileSource(path: string): ScriptSource {
  return { script: path, target: { kind: 'file', path: resolve(path) } }
}

/** Whether two targets are one file or module, whatever they are called. */
export function isSame(one: LoadTarget, other: LoadTarget): boolean {
  if (one.kind === 'file' && other.kind === 'file' && one.path === other.path) return true
  return identityOf(one) === identityOf(other)
}

/** The same for every name of one file, that of a module included: its path without links. */
export function identityOf(target: LoadTarget): string {
  if (target.kind === 'file') return realPathOf(target.path)
  const file = fileOfModule(target.name)
  return file === null ? target.name : realPathOf(file)
}

/** As Python finds it in the current folder and those of PYTHONPATH; null for what it finds elsewhere, as in a package. */
function fileOfModule(name: string): string | null {
  const path = join(...name.split('.'))
  const roots = ['', ...(process.env.PYTHONPATH ?? '').split(delimiter)]
  const files = roots.flatMap((root) => [resolve(root, path, '__init__.py'), resolve(root, `${path}.py`)])
  return files.find((file) => existsSync(file)) ?? null
}

/** As it is given, where nothing can be found by it. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Of what a link leads to; null where nothing is. Throws `INVALID_ARGUMENT` where the system does not tell. */
function statusOf(place: string): Stats | null {
  try {
    return statSync(place, { throwIfNoEntry: false }) ?? null
  } catch (error) {
    const message = `Cannot read "${place}": ${toError(error).message}`
    throw new UsageError('INVALID_ARGUMENT', message, { script: place })
  }
}

/** Finds the scripts of paths and module names. Used by the runner before a host loads them. */

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
  /** Name in messages and for the engine: the path or module name as the user gave it. */
  readonly script: string
  readonly target: LoadTarget
  /** Folder that was given, if the script was found in one. */
  readonly folder?: string
}

/** File or folder in a folder that cannot be read, and would be served otherwise. */
export interface UnreadablePath {
  readonly path: string
  /** Reason and remedy, as a sentence without its first capital. */
  readonly reason: string
}

type LeaveOut = (each: UnreadablePath) => void

/** Character that Node uses for each byte of a file name that is not UTF-8. No file is found by such a name. */
const NO_UTF8 = '\ufffd'

/** Files that Node imports as modules: TypeScript, whose types it strips, and JavaScript. */
const MODULE_FILE = /\.m?[jt]s$/
/** Type declarations, tests and configuration of tools, which are not scripts when a folder is given. */
const NO_SCRIPT = /\.(d|test|spec|config|stories)\.m?[jt]s$/

const MODULE_NAME = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/

/** Folders of installed packages. Hidden folders and Python's caches are recognized by their first letter. */
const PACKAGE_FOLDERS: ReadonlySet<string> = new Set(['node_modules', 'site-packages'])

/**
 * Returns the scripts of all places, each file once; a file that is named itself keeps that name. A folder is every
 * Python (`.py`), TypeScript (`.ts`, `.mts`) and JavaScript (`.js`, `.mjs`) file below it, by path. Other places are
 * names of Python modules. Throws `INVALID_ARGUMENT` for the rest. `leaveOut` receives what cannot be read in a folder.
 */
export function findScripts(places: readonly string[], leaveOut: LeaveOut = () => undefined): readonly ScriptSource[] {
  const sources = places.flatMap((place) => sourcesAt(place, leaveOut))
  const named = new Set(
    sources.filter(({ folder }) => folder === undefined).map(({ target }) => targetIdentity(target)),
  )
  const found = new Map<string, ScriptSource>()
  for (const source of sources) {
    const identity = targetIdentity(source.target)
    if (found.has(identity) || (source.folder !== undefined && named.has(identity))) continue
    found.set(identity, source)
  }
  return [...found.values()]
}

/**
 * Returns the scripts that still exist. `known`: scripts by their names. `leaveOut` also receives places that cannot be
 * read any more.
 */
export function findRemainingScripts(
  places: readonly string[],
  known: { has(script: string): boolean },
  leaveOut: LeaveOut = () => undefined,
): readonly ScriptSource[] {
  const isStill = (place: string) => isThere(place, leaveOut) || (isModuleName(place) && known.has(place))
  return findScripts(places.filter(isStill), leaveOut)
}

/** Returns whether the search of a folder skips this path below it. */
export function isUnreadablePath(path: string): boolean {
  const name = basename(path)
  return /^[_.]/.test(name) || PACKAGE_FOLDERS.has(name) || existsSync(join(path, 'pyvenv.cfg'))
}

export function isModuleFile(path: string): boolean {
  return MODULE_FILE.test(path)
}

export function isScriptFile(name: string): boolean {
  return name.endsWith('.py') || (isModuleFile(name) && !NO_SCRIPT.test(name))
}

/** Returns the places that are not files, folders, or modules in these folders. Python may still find such a module. */
export function missingModules(places: readonly string[], folders: readonly string[]): readonly string[] {
  const isIn = (folder: string, name: string) => ['', '.py'].some((suffix) => existsSync(join(folder, name + suffix)))
  return places.filter((place) => {
    const [name = ''] = place.split('.')
    return statusOf(place) === null && !folders.some((folder) => isIn(folder, name))
  })
}

/** Throws `INVALID_ARGUMENT` unless the place is a file, a folder, or a possible name of a module. */
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
  const leftOut: UnreadablePath[] = []
  const paths = searched(folder, (each) => leftOut.push(each))
  for (const each of leftOut) leaveOut(each)
  if (paths.length > 0) return paths.map((path) => ({ ...fileSource(path), folder }))
  const message =
    `The folder "${folder}" and its subfolders contain no Python, TypeScript or JavaScript file ` +
    `(*.py, *.ts, *.mts, *.js, *.mjs).`
  throw new UsageError('INVALID_ARGUMENT', [message, ...leftOut.map(unreadablePathText)].join(' '), { script: folder })
}

export function unreadablePathText({ path, reason }: UnreadablePath): string {
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
 * `above`: real paths of the folders that lead here, since a link may lead back to one. Throws the system's error for
 * the folder itself; `leaveOut` receives errors of folders below.
 */
function filesBelow(folder: string, above: ReadonlySet<string>, leaveOut: LeaveOut): readonly string[] {
  const real = realpathSync(folder)
  if (above.has(real)) return []
  const path = new Set([...above, real])
  return entriesIn(folder).flatMap((entry) => {
    const file = join(folder, entry.name)
    if (isUnreadablePath(file)) return []
    const mayHoldScripts = isScriptFile(entry.name) || entry.isDirectory()
    try {
      const status = statSync(file, { throwIfNoEntry: false })
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

/** Throws also if the names can be read, but nothing can be opened. */
function entriesIn(folder: string): readonly Dirent[] {
  accessSync(folder, constants.R_OK | constants.X_OK)
  return readdirSync(folder, { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** Names a file by its path from the current folder, if it is below that. */
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

/** Returns whether two targets are the same file or module, whatever their names. */
export function isSameTarget(one: LoadTarget, other: LoadTarget): boolean {
  if (one.kind === 'file' && other.kind === 'file' && one.path === other.path) return true
  return targetIdentity(one) === targetIdentity(other)
}

/** Returns the same text for all names of a file, including that of a module: its path without links. */
export function targetIdentity(target: LoadTarget): string {
  if (target.kind === 'file') return realPathOf(target.path)
  const file = fileOfModule(target.name)
  return file === null ? target.name : realPathOf(file)
}

/** Searches the current folder and PYTHONPATH, as Python does. Null for modules elsewhere, as in a package. */
function fileOfModule(name: string): string | null {
  const path = join(...name.split('.'))
  const roots = ['', ...(process.env.PYTHONPATH ?? '').split(delimiter)]
  const files = roots.flatMap((root) => [resolve(root, path, '__init__.py'), resolve(root, `${path}.py`)])
  return files.find((file) => existsSync(file)) ?? null
}

/** Returns the path unchanged if nothing is found by it. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Follows links. Returns null if nothing exists. Throws `INVALID_ARGUMENT` if the system does not answer. */
function statusOf(place: string): Stats | null {
  try {
    return statSync(place, { throwIfNoEntry: false }) ?? null
  } catch (error) {
    const message = `Cannot read "${place}": ${toError(error).message}`
    throw new UsageError('INVALID_ARGUMENT', message, { script: place })
  }
}

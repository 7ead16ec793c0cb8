/**
 * Finds the scripts that paths and module names stand for. Used by the runner, before a host hears of them.
 */

import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, isAbsolute, join, relative, resolve } from 'node:path'
import type { LoadTarget } from '../border/protocol.ts'
import { UsageError } from '../errors.ts'

export interface ScriptSource {
  /** What messages call it, and the engine routes by: the path or module name as the user gave it. */
  readonly script: string
  readonly target: LoadTarget
  /** The folder that was given, where it was found in one. */
  readonly folder?: string
}

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
 */
export function scriptsAt(places: readonly string[]): readonly ScriptSource[] {
  const named = new Set(places.filter((place) => statusOf(place)?.isFile()).map(identityOfPath))
  const found = new Map<string, ScriptSource>()
  for (const place of places) {
    const isFolder = statusOf(place)?.isDirectory() === true
    for (const source of sourcesAt(place)) {
      const identity = identityOf(source)
      if (!found.has(identity) && !(isFolder && named.has(identity))) found.set(identity, source)
    }
  }
  return [...found.values()]
}

/** What is still there of places that were served: nothing, where a file or folder has gone. `known`: scripts by their names. */
export function scriptsStillAt(
  places: readonly string[],
  known: { has(script: string): boolean },
): readonly ScriptSource[] {
  return scriptsAt(places.filter((place) => isThere(place) || (isModuleName(place) && known.has(place))))
}

/** Whether a folder that is searched leaves out a file or folder of this path, which is below it. */
export function isLeftOut(path: string): boolean {
  const name = basename(path)
  return /^[_.]/.test(name) || PACKAGE_FOLDERS.has(name) || statusOf(join(path, 'pyvenv.cfg')) !== null
}

/** Whether it is of TypeScript or JavaScript, and not of Python. */
export function isModuleFile(path: string): boolean {
  return MODULE_FILE.test(path)
}

/** Whether a folder is searched for files of this name. */
export function isScriptFile(name: string): boolean {
  return name.endsWith('.py') || (isModuleFile(name) && !NO_SCRIPT.test(name))
}

/** Throws `INVALID_ARGUMENT` for what is no file or folder, and cannot be the name of a module. */
export function requirePlace(place: string): void {
  if (statusOf(place) === null && !isModuleName(place)) throw noSuchPlace(place)
}

function noSuchPlace(place: string): UsageError {
  return new UsageError('INVALID_ARGUMENT', `There is no file or folder "${place}". Check the path.`, { script: place })
}

function sourcesAt(place: string): readonly ScriptSource[] {
  const status = statusOf(place)
  if (status?.isDirectory()) return scriptsInFolder(place)
  if (status !== null) return [fileSource(place)]
  if (isModuleName(place)) return [{ script: place, target: { kind: 'module', name: place } }]
  throw noSuchPlace(place)
}

function scriptsInFolder(folder: string): readonly ScriptSource[] {
  const paths = filesBelow(folder, new Set())
  if (paths.length > 0) return paths.map((path) => ({ ...fileSource(path), folder }))
  const message = `The folder "${folder}" holds no file of Python, TypeScript or JavaScript (*.py, *.ts, *.mts, *.js, *.mjs), and no folder below it does.`
  throw new UsageError('INVALID_ARGUMENT', message, { script: folder })
}

/** `above`: the folders that lead here, by their real paths, since a link may lead back to one of them. */
function filesBelow(folder: string, above: ReadonlySet<string>): readonly string[] {
  const real = realpathSync(folder)
  if (above.has(real)) return []
  const path = new Set([...above, real])
  return namesIn(folder).flatMap((name) => {
    const entry = join(folder, name)
    if (isLeftOut(entry)) return []
    const status = statusOf(entry) // links count as what they lead to
    if (status?.isDirectory()) return filesBelow(entry, path)
    return status !== null && isScriptFile(name) ? [entry] : []
  })
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort()
  } catch (error) {
    const { message } = error as Error
    throw new UsageError('INVALID_ARGUMENT', `The folder "${folder}" cannot be searched: ${message}`, {
      script: folder,
    })
  }
}

/** A file by its path from the current folder, where it is below that. */
export function sourceOfFile(path: string): ScriptSource {
  const near = relative('.', path)
  return fileSource(near.startsWith('..') || isAbsolute(near) ? path : near)
}

function isThere(place: string): boolean {
  const status = statusOf(place)
  return status?.isDirectory() ? filesBelow(place, new Set()).length > 0 : status !== null
}

function isModuleName(place: string): boolean {
  return MODULE_NAME.test(place) && !place.endsWith('.py') && !isModuleFile(place)
}

function fileSource(path: string): ScriptSource {
  return { script: path, target: { kind: 'file', path: resolve(path) } }
}

/** Whether two targets are one file or module, whatever they are called. */
export function isSame(one: LoadTarget, other: LoadTarget): boolean {
  if (one.kind === 'module' || other.kind === 'module') {
    return one.kind === 'module' && other.kind === 'module' && one.name === other.name
  }
  return one.path === other.path || sameRealPath(one.path, other.path)
}

function sameRealPath(one: string, other: string): boolean {
  return statusOf(one) !== null && statusOf(other) !== null && identityOfPath(one) === identityOfPath(other)
}

/** The same for every name of one file. */
function identityOf({ target }: ScriptSource): string {
  return target.kind === 'module' ? target.name : identityOfPath(target.path)
}

function identityOfPath(path: string): string {
  return realpathSync(path)
}

/** Of what a link leads to; null where nothing is. */
function statusOf(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null
}

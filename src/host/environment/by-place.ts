/**
 * Values given for files, folders and modules, and the choice of the one that applies to a script. Used by the host. A
 * file can have several names (path, link, module, folder that is run), so real files are compared, and module names
 * only if no file is found.
 */

import { existsSync, realpathSync, statSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import type { LoadTarget } from '../../border/protocol.ts'

interface Place<Value> {
  readonly given: string
  /** Real path of the file or folder, or null if none is found. */
  readonly path: string | null
  readonly value: Value
}

interface Script {
  readonly name: string | null
  /** Real files; empty if none is found. In a package that is run as a program, the program comes first. */
  readonly paths: readonly string[]
}

export class ValuesByPlace<Value> {
  /** Longest path first, because it is the nearest. */
  readonly #places: readonly Place<Value>[]
  readonly #moduleFolders: readonly string[]

  /** `values`: by file, folder or module, as the user gave them. `moduleFolders`: in the order of the search. */
  constructor(values: Readonly<Record<string, Value>>, moduleFolders: readonly string[]) {
    this.#moduleFolders = moduleFolders
    this.#places = Object.entries(values)
      .map(([given, value]) => ({ given, path: placePath(given, moduleFolders), value }))
      .toSorted((one, other) => (other.path ?? other.given).length - (one.path ?? one.given).length)
  }

  get isEmpty(): boolean {
    return this.#places.length === 0
  }

  get missing(): readonly string[] {
    return this.#places.filter(({ path }) => path === null).map(({ given }) => given)
  }

  /** Returns undefined if none of the places contains the script. `isProgram`: the script is run, not loaded. */
  of(target: LoadTarget, isProgram = false): Value | undefined {
    const script = this.#locate(target, isProgram)
    return this.#places.find((place) => holds(place, script))?.value
  }

  isFound(target: LoadTarget): boolean {
    return this.#locate(target, false).paths.length > 0
  }

  unmatched(targets: readonly LoadTarget[]): readonly string[] {
    const scripts = targets.map((target) => this.#locate(target, false))
    const isUnmatched = (place: Place<Value>) => !scripts.some((script) => holds(place, script))
    return this.#places.filter(isUnmatched).map(({ given }) => given)
  }

  #locate(target: LoadTarget, isProgram: boolean): Script {
    if (target.kind === 'file') return { name: null, paths: [programFile(target.path)] }
    const found = moduleFile(target.name, this.#moduleFolders)
    if (found === null) return { name: target.name, paths: [] }
    const ofPackage = ['__main__.py', '__init__.py'].slice(isProgram ? 0 : 1).map((name) => join(found, name))
    return { name: target.name, paths: (isFolder(found) ? ofPackage : [found]).filter(existsSync).map(realPath) }
  }
}

function holds({ given, path }: Place<unknown>, { name, paths }: Script): boolean {
  if (path !== null && paths.length > 0) return paths.some((each) => isWithin(each, path))
  return name !== null && (name === given || name.startsWith(`${given}.`))
}

function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(place.endsWith(sep) ? place : place + sep)
}

function placePath(given: string, moduleFolders: readonly string[]): string | null {
  const found = existsSync(given) ? given : moduleFile(given, moduleFolders)
  return found === null ? null : realPath(found)
}

function programFile(path: string): string {
  const main = join(path, '__main__.py')
  return realPath(isFolder(path) && existsSync(main) ? main : path)
}

/** Returns the file of a module, or the folder of a package. Searches part by part of the name, as Python does. */
function moduleFile(name: string, folders: readonly string[]): string | null {
  let searched = folders
  for (const part of name.split('.')) {
    const bases = searched.map((folder) => join(folder, part))
    const packageOrFile = bases.map(regularModule).find((found) => found !== null)
    // Folders without `__init__.py` (namespace packages) come last, and all of them together are one package.
    searched = packageOrFile === undefined ? bases.filter(isFolder) : [packageOrFile]
  }
  return searched[0] ?? null
}

function regularModule(base: string): string | null {
  if (existsSync(join(base, '__init__.py'))) return base
  return existsSync(`${base}.py`) ? `${base}.py` : null
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function realPath(path: string): string {
  return existsSync(path) ? realpathSync.native(path) : resolve(path)
}

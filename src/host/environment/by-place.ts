/**
 * Values that were named for files, folders and modules, and which of them applies to a script. Used by the host.
 *
 * A file has several names: a path, a link that leads to it, a module, a folder that is run as a program. So places and scripts are
 * compared by their real files, and by the names of modules only where no file is found.
 */

import { existsSync, realpathSync, statSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import type { LoadTarget } from '../../border/protocol.ts'

interface Place<Value> {
  /** Path or module name, as the user gave it. */
  readonly given: string
  /** Its real file, or folder with all below; null where none is found. */
  readonly path: string | null
  readonly value: Value
}

interface Script {
  /** Name of the module; null for a file. */
  readonly name: string | null
  /** Its real file; of a package that is run as a program that of the program, too, which comes first. Empty where none is found. */
  readonly paths: readonly string[]
}

export class ByPlace<Value> {
  /** The longest path first: it is the nearest. */
  readonly #places: readonly Place<Value>[]
  readonly #moduleFolders: readonly string[]

  /**
   * `values`: by file, folder (with all below) and module (with all in it), as they are given to be loaded. `moduleFolders`: where modules
   * are searched, in order.
   */
  constructor(values: Readonly<Record<string, Value>>, moduleFolders: readonly string[]) {
    this.#moduleFolders = moduleFolders
    this.#places = Object.entries(values)
      .map(([given, value]) => ({ given, path: placePath(given, moduleFolders), value }))
      .toSorted((one, other) => (other.path ?? other.given).length - (one.path ?? one.given).length)
  }

  get isEmpty(): boolean {
    return this.#places.length === 0
  }

  /** Given places at which there is no file, folder or module. */
  get missing(): readonly string[] {
    return this.#places.filter(({ path }) => path === null).map(({ given }) => given)
  }

  /** Undefined where none of the places has the script in it. `isProgram`: it is run, and not loaded. */
  of(target: LoadTarget, isProgram = false): Value | undefined {
    const script = this.#locate(target, isProgram)
    return this.#places.find((place) => holds(place, script))?.value
  }

  /** Whether the file of a script is known. */
  isFound(target: LoadTarget): boolean {
    return this.#locate(target, false).paths.length > 0
  }

  /** Places that have none of these scripts in them. */
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

/** The file that is run of a path: a folder is run by the file of this name in it. */
function programFile(path: string): string {
  const main = join(path, '__main__.py')
  return realPath(isFolder(path) && existsSync(main) ? main : path)
}

/** The file of a module, or the folder of a package: found as Python finds it, one part of the name after the other. */
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

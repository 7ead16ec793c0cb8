/**
 * Checks whether a path, with links resolved, leads to a granted place. Node's permission model compares only names of
 * paths, and does not restrict native code. Used by all code that opens files.
 */

import { lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type GrantedPath, type Grants, isWithin, type KeptFiles } from '../../border/grants.ts'
import { isKeptFile } from '../../border/kept-files.ts'

export class FileGrants {
  readonly #write: readonly GrantedPath[]
  readonly #all: readonly GrantedPath[]
  readonly #roots: ReadonlySet<string>
  readonly #kept: KeptFiles

  constructor({ read, write, kept }: Pick<Grants, 'read' | 'write' | 'kept'>) {
    this.#write = write
    this.#kept = kept
    this.#all = [...read, ...write]
    this.#roots = new Set(this.#all.map(({ real }) => real))
  }

  /** Granted folders, with all below. The writable ones are also among the readable ones. */
  get folders(): { readonly readable: readonly string[]; readonly writable: readonly string[] } {
    const foldersOf = (granted: readonly GrantedPath[]) =>
      granted.filter(({ isFolder }) => isFolder).map(({ real }) => real)
    return { readable: foldersOf(this.#all), writable: foldersOf(this.#write) }
  }

  mayRead(path: string): boolean {
    const real = realPathOf(path)
    return real !== null && isWithin(real, this.#all)
  }

  mayWrite(path: string): boolean {
    return this.mayHaveWritten(path) && !this.isKept(path)
  }

  /** Returns whether the place of a path is granted for writing, even if the file is kept. */
  mayHaveWritten(path: string): boolean {
    const real = realPathOf(path)
    return real !== null && isWithin(real, this.#write)
  }

  /** Returns whether a file or link is kept although its place is granted for writing. */
  isKept(path: string): boolean {
    const [real, folder] = [realPathOf(path), realPathOf(dirname(path))]
    const isKeptAt = (each: string | null) => each !== null && isKeptFile(each, this.#write, this.#kept)
    return isKeptAt(real) || isKeptAt(folder === null ? null : join(folder, basename(path)))
  }

  /** Returns whether the folder of a path may be read, with files next to a database. */
  mayReadBeside(path: string): boolean {
    const real = realPathOf(path)
    return real !== null && isWithin(dirname(real), this.#all)
  }

  mayWriteBeside(path: string): boolean {
    const real = realPathOf(path)
    return real !== null && isWithin(dirname(real), this.#write)
  }

  /** Returns whether a path still leads where its name says: a folder in it may have become a link. */
  isStill(path: string): boolean {
    // The folder above a granted path may be unreadable.
    if (this.#roots.has(path)) return true
    const folder = realPathOf(dirname(path))
    return folder !== null && isWithin(join(folder, basename(path)), this.#all)
  }
}

/** Resolves links, for a missing file those of its folder. Returns null if a link leads nowhere. */
function realPathOf(path: string): string | null {
  try {
    return realpathSync.native(path)
  } catch (error) {
    // Unreadable paths are outside: Node refuses them before it checks whether they exist.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path === dirname(path)) return null
  }
  const folder = realPathOf(dirname(path))
  return folder === null || isLink(path) ? null : join(folder, basename(path))
}

/** Returns whether a missing path is a dangling link, through which a new file would be created. */
function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

/**
 * Whether a path of a restricted interpreter leads to where its scripts may go, whatever symbolic links are on the way. Node's permission
 * model compares the names of paths only, and knows nothing of native code. Used by what opens files.
 */

import { lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type GrantedPath, type Grants, isWithin } from '../../border/grants.ts'
import { isKept, type KeptFiles } from '../../border/kept-files.ts'

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

  /** Whether its place is granted for writing, even if it is kept from scripts now. */
  mayHaveWritten(path: string): boolean {
    const real = realPathOf(path)
    return real !== null && isWithin(real, this.#write)
  }

  /** Whether a file, or the link of this name, is kept from scripts although its place is granted for writing. */
  isKept(path: string): boolean {
    const [real, folder] = [realPathOf(path), realPathOf(dirname(path))]
    const isKeptAt = (each: string | null) => each !== null && isKept(each, this.#write, this.#kept)
    return isKeptAt(real) || isKeptAt(folder === null ? null : join(folder, basename(path)))
  }

  /** Whether whatever is in the folder of a path may be read: also what lies beside a database. */
  mayReadBeside(path: string): boolean {
    const real = realPathOf(path)
    return real !== null && isWithin(dirname(real), this.#all)
  }

  mayWriteBeside(path: string): boolean {
    const real = realPathOf(path)
    return real !== null && isWithin(dirname(real), this.#write)
  }

  /** Whether a path as Node gets it ends where its name says: a folder on the way may have become a link meanwhile. */
  isStill(path: string): boolean {
    // Of one that was granted itself nobody may look at the folder above.
    if (this.#roots.has(path)) return true
    const folder = realPathOf(dirname(path))
    return folder !== null && isWithin(join(folder, basename(path)), this.#all)
  }
}

/** Without symbolic links. Of a file that is not there yet, that of its folder counts; null where a link leads nowhere. */
function realPathOf(path: string): string | null {
  try {
    return realpathSync.native(path)
  } catch (error) {
    // What may not be read is outside in any case: Node says so before it looks.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path === dirname(path)) return null
  }
  const folder = realPathOf(dirname(path))
  return folder === null || isLink(path) ? null : join(folder, basename(path))
}

/** There is such a name, and what it stands for is missing: who made it would make that. */
function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

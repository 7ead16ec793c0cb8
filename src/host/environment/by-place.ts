/** Values that were named for files, folders and modules, and which of them counts for a script. Used by the host. */

import { existsSync, realpathSync } from 'node:fs'
import { resolve, sep } from 'node:path'
import type { LoadTarget } from '../../border/protocol.ts'

export class ByPlace<Value> {
  /** The longest first: it is the nearest. */
  readonly #places: readonly (readonly [place: string, value: Value])[]

  /** `values`: by file, folder (with all below) and module (with all in it), as they are given to be loaded. */
  constructor(values: Readonly<Record<string, Value>>) {
    this.#places = Object.entries(values).toSorted(([one], [other]) => realPath(other).length - realPath(one).length)
  }

  get isEmpty(): boolean {
    return this.#places.length === 0
  }

  /** Undefined where none of the places has the script in it. */
  of(target: LoadTarget): Value | undefined {
    return this.#places.find(([place]) => holds(place, target))?.[1]
  }
}

function holds(place: string, target: LoadTarget): boolean {
  if (target.kind === 'module') return target.name === place || target.name.startsWith(`${place}.`)
  const [path, folder] = [realPath(target.path), realPath(place)]
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : resolve(path)
}

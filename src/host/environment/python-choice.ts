/** Which Python a script is loaded into: the one that comes along, or one of the machine's. Used by `python-host.ts`. */

import { existsSync, realpathSync } from 'node:fs'
import { resolve, sep } from 'node:path'
import type { LoadTarget } from '../../border/protocol.ts'

/**
 * `pyodide` needs no Python on the machine. `cpython` is one of the machine's, 3.9 or newer: `executable` is a name that is looked
 * up on the PATH, or a path; that of a virtual environment is its `bin/python`.
 */
export type PythonChoice = { readonly kind: 'pyodide' } | { readonly kind: 'cpython'; readonly executable: string }

export const PYODIDE_CHOICE: PythonChoice = Object.freeze({ kind: 'pyodide' })

/** The same text for the same choice. */
export function choiceKey(choice: PythonChoice): string {
  return choice.kind === 'pyodide' ? choice.kind : `cpython ${choice.executable}`
}

/** How messages name it. */
export function choiceLabel(choice: PythonChoice): string {
  return choice.kind === 'pyodide' ? 'Pyodide' : choice.executable
}

export class PythonChoices {
  readonly byDefault: PythonChoice
  /** The longest first: it is the nearest. */
  readonly #places: readonly (readonly [place: string, choice: PythonChoice])[]

  /** `byPlace`: files, folders (with all below) and modules (with all in them), as they are given to be loaded. */
  constructor(byDefault: PythonChoice, byPlace: Readonly<Record<string, PythonChoice>>) {
    this.byDefault = byDefault
    this.#places = Object.entries(byPlace).toSorted(([one], [other]) => realPath(other).length - realPath(one).length)
  }

  /** Whether all scripts have the same. */
  get isOne(): boolean {
    return this.#places.length === 0
  }

  of(target: LoadTarget): PythonChoice {
    const found = this.#places.find(([place]) => {
      if (target.kind === 'module') return target.name === place || target.name.startsWith(`${place}.`)
      const [path, folder] = [realPath(target.path), realPath(place)]
      return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
    })
    return found?.[1] ?? this.byDefault
  }
}

function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : resolve(path)
}

/** What each script is held to, by where it is loaded from. Held by `python-host.ts`, through its choices of Python. */

import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { LoadTarget, ProcessSettings } from '../../border/protocol.ts'
import { ByPlace } from '../environment/by-place.ts'
import type { Restriction, Restrictions, ScriptRestriction } from './restriction.ts'

export class ScriptRestrictions {
  readonly #all: Restriction | null
  readonly #byPlace: ByPlace<Restriction | null>
  /** By script: the folder that was given to be loaded, which may be above its own. */
  readonly #folders = new Map<string, string>()
  readonly #process: Pick<ProcessSettings, 'argv' | 'cwd'>

  constructor({ all, byPlace }: Restrictions, process: Pick<ProcessSettings, 'argv' | 'cwd'>) {
    this.#all = all
    this.#byPlace = new ByPlace(byPlace)
    this.#process = process
  }

  get areNone(): boolean {
    return this.#all === null && this.#byPlace.isEmpty
  }

  note(target: LoadTarget, folder: string): void {
    if (!this.areNone) this.#folders.set(nameOf(target), resolve(folder))
  }

  /** Null for one that may do what the process may. Scripts of one folder share what they are held to. */
  of(target: LoadTarget): ScriptRestriction | null {
    if (this.areNone) return null
    const own = this.#byPlace.of(target)
    const restriction = own === undefined ? this.#all : own
    if (restriction === null) return null
    const folder = this.#folders.get(nameOf(target)) ?? this.#folderOf(target)
    return { ...this.#all, ...restriction, folder }
  }

  /** A program's is that of its file, else the current one. */
  get ofProgram(): ScriptRestriction | null {
    if (this.#all === null) return null
    const { argv, cwd } = this.#process
    const path = resolve(cwd, argv[0] ?? '')
    const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
    return { ...this.#all, folder: isFile ? dirname(path) : cwd }
  }

  /** A module is found from the current folder. */
  #folderOf(target: LoadTarget): string {
    return target.kind === 'file' ? dirname(target.path) : this.#process.cwd
  }
}

function nameOf(target: LoadTarget): string {
  return target.kind === 'file' ? target.path : target.name
}

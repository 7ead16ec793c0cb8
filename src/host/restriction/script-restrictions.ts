/** Restrictions of each script, by the place that it is loaded from. Owned by `python-host.ts`. */

import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { LoadTarget, ProgramTarget, RunningProgram } from '../../border/protocol.ts'
import { UsageError } from '../../errors.ts'
import { ValuesByPlace } from '../environment/by-place.ts'
import { moduleFolders, type SearchedFolders } from '../environment/module-folders.ts'
import type { Restriction, Restrictions, ScriptRestriction } from './restriction.ts'

export class ScriptRestrictions {
  readonly #all: Restriction | null
  readonly #byPlace: ValuesByPlace<Restriction | null>
  /** Folder given by the user, which may be above the script's own. */
  readonly #folders = new Map<string, string>()
  readonly #cwd: string

  constructor({ all, byPlace }: Restrictions, process: SearchedFolders) {
    this.#all = all
    this.#byPlace = new ValuesByPlace(byPlace, moduleFolders(process))
    this.#cwd = process.cwd
  }

  get areNone(): boolean {
    return this.#all === null && this.#byPlace.isEmpty
  }

  /** Throws `INVALID_ARGUMENT` for a place that does not exist, because its restriction would have no effect. */
  requirePlaces(): void {
    const [missing] = this.#byPlace.missing
    if (missing === undefined) return
    throw new UsageError(
      'INVALID_ARGUMENT',
      `restrict-for "${missing}" is not a file, folder or module, so it would restrict nothing. Correct this value, ` +
        `or remove it.`,
      { path: missing },
    )
  }

  /** Throws `INVALID_ARGUMENT` for a place that contains none of these scripts. */
  requireMatches(targets: readonly LoadTarget[]): void {
    const [unmatched] = this.#byPlace.unmatched(targets)
    if (unmatched === undefined) return
    throw new UsageError(
      'INVALID_ARGUMENT',
      `restrict-for "${unmatched}" matches none of the loaded scripts, so it restricts nothing. Load a matching ` +
        `script, or remove this value.`,
      { path: unmatched },
    )
  }

  note(target: LoadTarget, folder: string): void {
    if (!this.areNone) this.#folders.set(nameOf(target), resolve(folder))
  }

  /** Returns null for an unrestricted script. Scripts of one folder share a restriction. */
  of(target: LoadTarget, isProgram = false): ScriptRestriction | null {
    if (this.areNone) return null
    const restriction = this.#nearest(target, isProgram)
    if (restriction === null) return null
    const folder = this.#folders.get(nameOf(target)) ?? this.#folderOf(target)
    return { ...this.#all, ...restriction, folder }
  }

  /** Returns the restriction of a program; null if it has none. Only a file or a module can be in a place. */
  ofProgram(target: ProgramTarget | RunningProgram | null): ScriptRestriction | null {
    if (this.areNone) return null
    if (target?.kind === 'module') return this.of({ kind: 'module', name: target.name }, true)
    if (target?.kind === 'file') return this.of({ kind: 'file', path: resolve(this.#cwd, target.path) }, true)
    return this.#all === null ? null : { ...this.#all, folder: this.#cwd }
  }

  /**
   * Returns the restriction of the nearest place. Throws `INVALID_ARGUMENT` for a module whose file is not found, if
   * places have restrictions.
   */
  #nearest(target: LoadTarget, isProgram: boolean): Restriction | null {
    const own = this.#byPlace.of(target, isProgram)
    if (own !== undefined) return own
    if (target.kind === 'file' || this.#byPlace.isEmpty || this.#byPlace.isFound(target)) return this.#all
    throw new UsageError(
      'INVALID_ARGUMENT',
      `The file of module "${target.name}" was not found, so cloaca cannot find out which restriction of ` +
        `restrict-for applies to the module. Run or serve the file instead.`,
      { script: target.name },
    )
  }

  /** Modules are searched from the current folder. */
  #folderOf(target: LoadTarget): string {
    if (target.kind === 'module') return this.#cwd
    const isFolder = statSync(target.path, { throwIfNoEntry: false })?.isDirectory() ?? false
    return isFolder ? target.path : dirname(target.path)
  }
}

function nameOf(target: LoadTarget): string {
  return target.kind === 'file' ? target.path : target.name
}

/** Choice of the Python for a script: Pyodide or the system's CPython. Used by `python-host.ts`. */

import type { LoadTarget, ProgramTarget, RunningProgram } from '../../border/protocol.ts'
import { UsageError } from '../../errors.ts'
import type { ScriptRestriction } from '../restriction/restriction.ts'
import { restrictionKey } from '../restriction/restriction.ts'
import type { ScriptRestrictions } from '../restriction/script-restrictions.ts'
import { ValuesByPlace } from './by-place.ts'
import { moduleFolders, type SearchedFolders } from './module-folders.ts'

/**
 * Python that runs scripts. `pyodide` is included. `cpython` is installed on the system, version 3.9 or newer:
 * `executable` is a name on the PATH, or a path, such as `bin/python` of a virtual environment.
 */
export type PythonChoice = { readonly kind: 'pyodide' } | { readonly kind: 'cpython'; readonly executable: string }

export type ScriptPython =
  | { readonly kind: 'pyodide'; readonly restriction: ScriptRestriction | null }
  | Extract<PythonChoice, { readonly kind: 'cpython' }>

export const PYODIDE_CHOICE: PythonChoice = Object.freeze({ kind: 'pyodide' })

export function choiceKey(choice: ScriptPython): string {
  if (choice.kind === 'cpython') return `cpython ${choice.executable}`
  return choice.restriction === null ? choice.kind : `restricted ${restrictionKey(choice.restriction)}`
}

/** Returns the name that messages use, as in the settings. */
export function choiceLabel(choice: ScriptPython): string {
  if (choice.kind === 'cpython') return choice.executable
  return choice.restriction === null ? choice.kind : `restricted, for ${choice.restriction.folder}`
}

export class PythonChoices {
  readonly #python: PythonChoice
  readonly #byPlace: ValuesByPlace<PythonChoice>
  readonly #restrictions: ScriptRestrictions | null
  readonly #program: ProgramTarget | RunningProgram | null

  /** `byPlace`: by file, folder (with all below) and module (with all in it), as the user gave them. */
  constructor(
    python: PythonChoice,
    byPlace: Readonly<Record<string, PythonChoice>>,
    process: SearchedFolders,
    restrictions: ScriptRestrictions | null = null,
    program: ProgramTarget | RunningProgram | null = null,
  ) {
    this.#python = python
    this.#byPlace = new ValuesByPlace(byPlace, moduleFolders(process))
    this.#restrictions = restrictions
    this.#program = program
  }

  get isOne(): boolean {
    return this.#byPlace.isEmpty && (this.#restrictions?.areNone ?? true)
  }

  /** Returns the Python of a program, and of scripts if all have the same. */
  get byDefault(): ScriptPython {
    return placed(this.#python, this.#restrictions?.ofProgram(this.#program) ?? null)
  }

  note(target: LoadTarget, folder: string): void {
    this.#restrictions?.note(target, folder)
  }

  /** Throws `INVALID_ARGUMENT` for a script that is restricted and assigned to the system's CPython. */
  of(target: LoadTarget): ScriptPython {
    return placed(this.#byPlace.of(target) ?? this.#python, this.#restrictions?.of(target) ?? null)
  }
}

function placed(python: PythonChoice, restriction: ScriptRestriction | null): ScriptPython {
  if (python.kind === 'pyodide') return { kind: 'pyodide', restriction }
  if (restriction === null) return python
  throw restrictedCPython(python.executable)
}

/** Returns the error for a CPython that is to be restricted, which is impossible. */
export function restrictedCPython(executable: string): UsageError {
  return new UsageError(
    'INVALID_ARGUMENT',
    `--restrict and --python "${executable}" cannot be used together, because only the Python that comes with ` +
      `cloaca can be restricted. Remove one of the two, or apply them to different scripts with python-for and ` +
      `restrict-for.`,
  )
}

/** Which Python a script is loaded into: the one that comes along, or one of the machine's. Used by `python-host.ts`. */

import type { LoadTarget, ProgramTarget, RunningProgram } from '../../border/protocol.ts'
import { UsageError } from '../../errors.ts'
import type { ScriptRestriction } from '../restriction/restriction.ts'
import { restrictionKey } from '../restriction/restriction.ts'
import type { ScriptRestrictions } from '../restriction/script-restrictions.ts'
import { ByPlace } from './by-place.ts'
import { moduleFolders, type SearchedFolders } from './module-folders.ts'

/**
 * Python that runs scripts. `pyodide` is included. `cpython` is installed on the system, version 3.9 or newer:
 * `executable` is a name on the PATH, or a path, such as `bin/python` of a virtual environment.
 */
export type PythonChoice = { readonly kind: 'pyodide' } | { readonly kind: 'cpython'; readonly executable: string }

/** What a script is loaded into: a Python, and what it is held to, if anything. */
export type ScriptPython =
  | { readonly kind: 'pyodide'; readonly restriction: ScriptRestriction | null }
  | Extract<PythonChoice, { readonly kind: 'cpython' }>

export const PYODIDE_CHOICE: PythonChoice = Object.freeze({ kind: 'pyodide' })

/** The same text for the same choice. */
export function choiceKey(choice: ScriptPython): string {
  if (choice.kind === 'cpython') return `cpython ${choice.executable}`
  return choice.restriction === null ? choice.kind : `restricted ${restrictionKey(choice.restriction)}`
}

/** How it is named to people: as in the settings. */
export function choiceLabel(choice: ScriptPython): string {
  if (choice.kind === 'cpython') return choice.executable
  return choice.restriction === null ? choice.kind : `restricted, for ${choice.restriction.folder}`
}

export class PythonChoices {
  readonly #python: PythonChoice
  readonly #byPlace: ByPlace<PythonChoice>
  readonly #restrictions: ScriptRestrictions | null
  readonly #program: ProgramTarget | RunningProgram | null

  /** `byPlace`: files, folders (with all below) and modules (with all in them), as they are given to be loaded. */
  constructor(
    python: PythonChoice,
    byPlace: Readonly<Record<string, PythonChoice>>,
    process: SearchedFolders,
    restrictions: ScriptRestrictions | null = null,
    program: ProgramTarget | RunningProgram | null = null,
  ) {
    this.#python = python
    this.#byPlace = new ByPlace(byPlace, moduleFolders(process))
    this.#restrictions = restrictions
    this.#program = program
  }

  /** Whether all scripts have the same. */
  get isOne(): boolean {
    return this.#byPlace.isEmpty && (this.#restrictions?.areNone ?? true)
  }

  /** That of a program, and of scripts where all have the same. */
  get byDefault(): ScriptPython {
    return placed(this.#python, this.#restrictions?.ofProgram(this.#program) ?? null)
  }

  /** A script is going to be loaded from this folder. */
  note(target: LoadTarget, folder: string): void {
    this.#restrictions?.note(target, folder)
  }

  /** Throws `INVALID_ARGUMENT` for one that is to be restricted and to have a Python of the machine's. */
  of(target: LoadTarget): ScriptPython {
    return placed(this.#byPlace.of(target) ?? this.#python, this.#restrictions?.of(target) ?? null)
  }
}

function placed(python: PythonChoice, restriction: ScriptRestriction | null): ScriptPython {
  if (python.kind === 'pyodide') return { kind: 'pyodide', restriction }
  if (restriction === null) return python
  throw restrictedCPython(python.executable)
}

/** A Python of the machine's has nothing that would hold it to anything. */
export function restrictedCPython(executable: string): UsageError {
  return new UsageError(
    'INVALID_ARGUMENT',
    `--restrict and --python "${executable}" cannot be used together, because only the Python that comes with cloaca can be restricted. Remove one of the two, or apply them to different scripts with python-for and restrict-for.`,
  )
}

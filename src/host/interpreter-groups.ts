/**
 * Groups of interpreters by the Python that runs in them (`shared-interpreters.ts`). Scripts with the same choice share
 * a group, which starts with its first script. Owned by `python-host.ts`.
 */

import type { LoadTarget } from '../border/protocol.ts'
import { choiceKey, choiceLabel, type PythonChoices, type ScriptPython } from './environment/python-choice.ts'
import type { InterpreterSupervisor } from './process/interpreter-supervisor.ts'
import { SharedInterpreters } from './shared-interpreters.ts'

export interface ExpectedScript {
  readonly script: string
  readonly target: LoadTarget
  /** Folder given by the user, or the one around the file given. Default: the script's own folder. */
  readonly folder?: string
}

export interface GroupsOptions {
  readonly choices: PythonChoices
  /** Maximum number per group. */
  readonly atMost: number
  supervise(name: string, python: ScriptPython): InterpreterSupervisor
  notice(message: string): void
}

export class InterpreterGroups {
  readonly #options: GroupsOptions
  readonly #groups = new Map<string, SharedInterpreters>()
  #made = 0

  constructor(options: GroupsOptions) {
    this.#options = options
  }

  get first(): InterpreterSupervisor {
    return this.#group(this.#options.choices.byDefault).first
  }

  get all(): readonly InterpreterSupervisor[] {
    return [...this.#groups.values()].flatMap((group) => group.all)
  }

  /** Starts the missing interpreters for all scripts that are going to be served. */
  expect(scripts: readonly ExpectedScript[]): void {
    const { choices } = this.#options
    const coming = new Map<SharedInterpreters, Set<string>>()
    for (const { script, target, folder } of scripts) {
      if (folder !== undefined) choices.note(target, folder)
      const group = this.#group(choices.of(target))
      coming.set(group, (coming.get(group) ?? new Set()).add(script))
    }
    for (const [group, names] of coming) group.expect(names.size)
  }

  /** Returns the interpreter for the next script of this kind. Rejects if none can be started. */
  next(target: LoadTarget): Promise<InterpreterSupervisor> {
    return this.#group(this.#options.choices.of(target)).next()
  }

  #group(choice: ScriptPython): SharedInterpreters {
    const key = choiceKey(choice)
    const known = this.#groups.get(key)
    if (known !== undefined) return known
    const { atMost, supervise, notice } = this.#options
    const group = new SharedInterpreters({
      atMost,
      supervise: () => supervise(this.#nextName(choice), choice),
      notice,
    })
    this.#groups.set(key, group)
    return group
  }

  #nextName(choice: ScriptPython): string {
    const name = `Interpreter ${++this.#made}`
    const isUsual = choice.kind === 'pyodide' && choice.restriction === null
    return isUsual ? name : `${name} (${choiceLabel(choice)})`
  }
}

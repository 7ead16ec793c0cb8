/**
 * The interpreters by the Python that runs in them: scripts of one choice share a group (`shared-interpreters.ts`), which begins
 * with the first of them. Held by `python-host.ts`.
 */

import type { LoadTarget } from '../border/protocol.ts'
import { choiceKey, choiceLabel, type PythonChoices, type ScriptPython } from './environment/python-choice.ts'
import type { InterpreterSupervisor } from './process/interpreter-supervisor.ts'
import { SharedInterpreters } from './shared-interpreters.ts'

/** A script that is going to be served. */
export interface ComingScript {
  readonly script: string
  readonly target: LoadTarget
  /** What was given to be loaded, or is around it; its own folder where that is not said. */
  readonly folder?: string
}

export interface GroupsOptions {
  readonly choices: PythonChoices
  /** Of each group. */
  readonly atMost: number
  supervise(name: string, python: ScriptPython): InterpreterSupervisor
  /** One line worth a log entry. */
  notice(message: string): void
}

export class InterpreterGroups {
  readonly #options: GroupsOptions
  readonly #groups = new Map<string, SharedInterpreters>()
  #made = 0

  constructor(options: GroupsOptions) {
    this.#options = options
  }

  /** The first interpreter of what is chosen by default. */
  get first(): InterpreterSupervisor {
    return this.#group(this.#options.choices.byDefault).first
  }

  get all(): readonly InterpreterSupervisor[] {
    return [...this.#groups.values()].flatMap((group) => group.all)
  }

  /** Starts the interpreters that are missing for these, all that there are going to be. */
  expect(scripts: readonly ComingScript[]): void {
    const { choices } = this.#options
    const coming = new Map<SharedInterpreters, Set<string>>()
    for (const { script, target, folder } of scripts) {
      if (folder !== undefined) choices.note(target, folder)
      const group = this.#group(choices.of(target))
      coming.set(group, (coming.get(group) ?? new Set()).add(script))
    }
    for (const [group, names] of coming) group.expect(names.size)
  }

  /** The one for the next script of this kind; rejects when none can be started. */
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

/**
 * Supervisor of the interpreter of each script. Scripts share interpreters, except quarantined scripts: a script that
 * crashed or blocked an interpreter has an interpreter of its own until it is loaded again. Owned by `python-host.ts`.
 */

import type { LoadTarget } from '../border/protocol.ts'
import type { Placement } from './dispatcher.ts'
import type { PythonChoices, ScriptPython } from './environment/python-choice.ts'
import { type ExpectedScript, InterpreterGroups } from './interpreter-groups.ts'
import type { InterpreterProcess } from './process/interpreter-process.ts'
import type { InterpreterSupervisor } from './process/interpreter-supervisor.ts'
import { scriptLabel } from './process/labels.ts'
import { PROGRAM_SCRIPT } from './scripts/generation.ts'

interface ScriptPlacementOptions {
  readonly choices: PythonChoices
  /** Maximum number of shared interpreters of each Python. */
  readonly interpreters: number
  supervise(name: string, python: ScriptPython): InterpreterSupervisor
  notice(message: string): void
}

export class ScriptPlacement implements Placement {
  readonly #options: ScriptPlacementOptions
  readonly #groups: InterpreterGroups
  readonly #supervisorOf = new Map<string, InterpreterSupervisor>()
  readonly #quarantined = new Map<string, InterpreterSupervisor>()
  #isClosed = false

  constructor(options: ScriptPlacementOptions) {
    const { choices, interpreters: atMost, supervise, notice } = options
    this.#options = options
    this.#groups = new InterpreterGroups({ choices, atMost, supervise, notice })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get first(): InterpreterSupervisor {
    return this.#groups.first
  }

  get shared(): readonly InterpreterSupervisor[] {
    return this.#groups.all
  }

  get quarantined(): readonly InterpreterSupervisor[] {
    return [...this.#quarantined.values()]
  }

  of(script: string): InterpreterSupervisor | undefined {
    return this.#isClosed ? undefined : this.#supervisorOf.get(script)
  }

  with(interpreter: InterpreterProcess): InterpreterSupervisor | undefined {
    return this.all().find((each) => each.holds(interpreter))
  }

  all(): readonly InterpreterSupervisor[] {
    return [...this.shared, ...this.quarantined]
  }

  isQuarantined(script: string): boolean {
    return this.#quarantined.has(script)
  }

  expect(scripts: readonly ExpectedScript[]): void {
    this.#groups.expect(scripts)
  }

  /**
   * Returns the interpreter for the next generation of a script, or null if the host is closed. For a quarantined
   * script, this is a shared interpreter again.
   */
  async next(script: string, target: LoadTarget): Promise<InterpreterSupervisor | null> {
    if (this.#isClosed) return null
    const supervisor = this.#supervisorOf.get(script)
    if (supervisor !== undefined && !this.#quarantined.has(script)) return supervisor
    return await this.#groups.next(target)
  }

  place(script: string, supervisor: InterpreterSupervisor): void {
    if (this.#supervisorOf.get(script) !== supervisor) this.remove(script)
    this.#supervisorOf.set(script, supervisor)
    supervisor.add(script)
  }

  placeProgram(): InterpreterSupervisor {
    this.#supervisorOf.set(PROGRAM_SCRIPT, this.first)
    return this.first
  }

  remove(script: string): void {
    this.#supervisorOf.get(script)?.remove(script)
    this.#supervisorOf.delete(script)
    void this.#quarantined.get(script)?.close()
    this.#quarantined.delete(script)
  }

  /** Moves a script to an interpreter of its own. Returns false if the script has one, or if the host is closed. */
  quarantine(script: string, target: LoadTarget, label: string): boolean {
    if (this.#quarantined.has(script) || this.#isClosed) return false
    this.#supervisorOf.get(script)?.remove(script)
    const { supervise, choices } = this.#options
    const alone = supervise(`The interpreter of script "${script}"`, choices.of(target))
    this.#quarantined.set(script, alone)
    this.#supervisorOf.set(script, alone)
    if (label !== scriptLabel(script)) alone.suspect(label)
    alone.add(script)
    return true
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.all().map((supervisor) => supervisor.close()))
  }
}

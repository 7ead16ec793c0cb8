/**
 * One loading of a script: where it lives and what it declared, whenever it did. Made by `script-generations.ts`.
 *
 *   loading ──▶ in use ──▶ replaced (by the next generation, or its interpreter died) ──▶ gone
 *       └─▶ gone (it could not be loaded)
 */

import { type GenerationNumber, PROGRAM_GENERATION } from '../../border/protocol.ts'
import type { BadSource } from '../../model/declarations.ts'
import type { GraphDefinition, ReactorDefinition, SourceDefinition } from '../../model/graphs/definitions.ts'
import type { LimitDefinition } from '../../model/limits/limits.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { InterpreterProcess } from '../process/interpreter-process.ts'
import { graphLabel, isOfSource, scriptLabel, taskLabel, triggerLabel } from '../process/labels.ts'
import type { ScriptDeclarations } from './script-declarations.ts'

/** The script name of declarations that a running program makes. */
export const PROGRAM_SCRIPT = '__main__'

export interface CalledTrigger {
  readonly number: number
  readonly takesState: boolean
  /** Name in logs. Kept, because the hash of a new string is computed again at each lookup. */
  readonly label: string
}

export class Generation {
  readonly number: GenerationNumber
  readonly script: string
  /** Null for a program, which is where its interpreter is. */
  readonly interpreter: InterpreterProcess | null
  readonly #triggers = new Map<string, TriggerDefinition>()
  readonly #workflows = new Map<string, WorkflowDefinition>()
  readonly #limits = new Map<string, LimitDefinition>()
  readonly #polled = new Map<string, CalledTrigger>()
  readonly #sources = new Map<string, SourceDefinition>()
  readonly #badSources = new Map<string, BadSource>()
  readonly #reactors = new Map<string, ReactorDefinition>()
  readonly #graphs = new Map<string, GraphDefinition>()
  readonly #onQuiet: (() => void)[] = []
  #calls = 0

  constructor(number: GenerationNumber, script: string, interpreter: InterpreterProcess | null) {
    this.number = number
    this.script = script
    this.interpreter = interpreter
  }

  /** A program adds declarations while it runs. */
  static ofProgram(): Generation {
    return new Generation(PROGRAM_GENERATION, PROGRAM_SCRIPT, null)
  }

  declared({ triggers, workflows, limits = [], pollNumbers, graphs }: ScriptDeclarations): void {
    for (const trigger of triggers) this.#triggers.set(trigger.name, trigger)
    for (const workflow of workflows) this.#workflows.set(workflow.key, workflow)
    for (const limit of limits) this.#limits.set(limit.name, limit)
    for (const [trigger, number] of pollNumbers) {
      const takesState = this.#triggers.get(trigger)?.initialStateText !== undefined
      this.#polled.set(trigger, { number, takesState, label: triggerLabel(trigger) })
    }
    for (const source of graphs?.sources ?? []) this.#sources.set(source.name, source)
    for (const source of graphs?.badSources ?? []) this.#badSources.set(source.name, source)
    for (const reactor of graphs?.reactors ?? []) this.#reactors.set(reactor.name, reactor)
    for (const graph of graphs?.graphs ?? []) this.#graphs.set(graph.name, graph)
  }

  get declarations(): ScriptDeclarations {
    return {
      triggers: [...this.#triggers.values()],
      workflows: [...this.#workflows.values()],
      limits: [...this.#limits.values()],
      pollNumbers: new Map([...this.#polled].map(([trigger, { number }]) => [trigger, number])),
      graphs: {
        sources: [...this.#sources.values()],
        badSources: [...this.#badSources.values()],
        reactors: [...this.#reactors.values()],
        graphs: [...this.#graphs.values()],
      },
    }
  }

  declaresSource(name: string): boolean {
    return this.#sources.has(name)
  }

  declaresWorkflow(key: string): boolean {
    return this.#workflows.has(key)
  }

  declaresGraph(name: string): boolean {
    return this.#graphs.has(name)
  }

  polled(trigger: string): CalledTrigger | null {
    return this.#polled.get(trigger) ?? null
  }

  /** Returns whether a log name is that of a poll or task of this generation, or of its load. */
  hasLabel(label: string): boolean {
    if (label === scriptLabel(this.script)) return true
    for (const name of this.#triggers.keys()) if (triggerLabel(name) === label) return true
    for (const name of this.#sources.keys()) if (isOfSource(label, name)) return true
    for (const name of this.#graphs.keys()) if (graphLabel(name) === label) return true
    for (const [workflow, { tasks }] of this.#workflows) {
      if (tasks.some(({ id }) => taskLabel({ taskId: id, workflow }) === label)) return true
    }
    return false
  }

  began(): void {
    this.#calls += 1
  }

  ended(): void {
    this.#calls -= 1
    if (this.#calls === 0) for (const callback of this.#onQuiet.splice(0)) callback()
  }

  /** Settles when no poll or task of it is running. */
  quiet(): Promise<void> {
    if (this.#calls === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onQuiet.push(resolve))
  }
}

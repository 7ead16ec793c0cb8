/**
 * One loading of a script: where it lives and what it declared, whenever it did. Made by `script-generations.ts`.
 *
 *   loading ──▶ in use ──▶ replaced (by the next generation, or its interpreter died) ──▶ gone
 *       └─▶ gone (it could not be loaded)
 */

import { type GenerationNumber, PROGRAM_GENERATION } from '../../border/protocol.ts'
import type { BadSource } from '../../model/declarations.ts'
import type { GraphDefinition, ReactorDefinition, SourceDefinition } from '../../model/graphs/definitions.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { InterpreterProcess } from '../process/interpreter-process.ts'
import { graphLabel, isOfSource, scriptLabel, taskLabel, triggerLabel } from '../process/labels.ts'
import type { ScriptDeclarations } from './declarations.ts'

/** The script name of declarations that a running program makes. */
export const PROGRAM_SCRIPT = '__main__'

/** How a trigger of a generation is polled. */
interface PolledTrigger {
  readonly number: number
  /** Its name in logs: made once, for a text that is made anew is hashed anew wherever it is looked up. */
  readonly label: string
}

export class Generation {
  readonly number: GenerationNumber
  readonly script: string
  /** Where it is loaded; null for a program, which is where its interpreter is. */
  readonly interpreter: InterpreterProcess | null
  readonly #triggers = new Map<string, TriggerDefinition>()
  readonly #workflows = new Map<string, WorkflowDefinition>()
  readonly #polled = new Map<string, PolledTrigger>()
  readonly #sources = new Map<string, SourceDefinition>()
  readonly #badSources = new Map<string, BadSource>()
  readonly #reactors = new Map<string, ReactorDefinition>()
  readonly #graphs = new Map<string, GraphDefinition>()
  readonly #onQuiet: (() => void)[] = []
  #entries = 0

  constructor(number: GenerationNumber, script: string, interpreter: InterpreterProcess | null) {
    this.number = number
    this.script = script
    this.interpreter = interpreter
  }

  /** A program's: it declares as it goes. */
  static ofProgram(): Generation {
    return new Generation(PROGRAM_GENERATION, PROGRAM_SCRIPT, null)
  }

  declared({ triggers, workflows, pollNumbers, graphs }: ScriptDeclarations): void {
    for (const trigger of triggers) this.#triggers.set(trigger.name, trigger)
    for (const workflow of workflows) this.#workflows.set(workflow.key, workflow)
    for (const [trigger, number] of pollNumbers) this.#polled.set(trigger, { number, label: triggerLabel(trigger) })
    for (const source of graphs?.sources ?? []) this.#sources.set(source.name, source)
    for (const source of graphs?.badSources ?? []) this.#badSources.set(source.name, source)
    for (const reactor of graphs?.reactors ?? []) this.#reactors.set(reactor.name, reactor)
    for (const graph of graphs?.graphs ?? []) this.#graphs.set(graph.name, graph)
  }

  /** All that it has declared so far. */
  get declarations(): ScriptDeclarations {
    return {
      triggers: [...this.#triggers.values()],
      workflows: [...this.#workflows.values()],
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

  /** Null when it declares none of that name. */
  polled(trigger: string): PolledTrigger | null {
    return this.#polled.get(trigger) ?? null
  }

  /** Whether a poll or task is one of it, or its loading is meant, by the name in logs. */
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

  /** A poll or task of it begins. */
  entered(): void {
    this.#entries += 1
  }

  left(): void {
    this.#entries -= 1
    if (this.#entries === 0) for (const callback of this.#onQuiet.splice(0)) callback()
  }

  /** Settles when no poll and no task of it is under way. */
  quiet(): Promise<void> {
    if (this.#entries === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onQuiet.push(resolve))
  }
}

/** What a script asks of the engine, as values: the runners that it opens answer (`default-runner`, through the host). */

import type { GenerationNumber } from '../border/protocol.ts'
import type { TaskSlot } from '../engine/ports.ts'
import type { AskingTask } from './process/answers.ts'
import type { ScriptRestriction } from './restriction/restriction.ts'

/** A call that a script made of the engine. Settles with the answer, or rejects with a `PythonRefusal`. */
export interface ScriptCall {
  readonly method: string
  readonly payload: unknown
  readonly contextText: string
  /** The slot of the task that made the call; null when it was not a task. */
  readonly slot: TaskSlot | null
  /** The task that made the call; null when it was not a task, or has ended. */
  readonly task: AskingTask | null
  /** Whose call it is. */
  readonly generation: GenerationNumber
  /** What the script is held to; null where it may do what the process may. */
  readonly restriction: ScriptRestriction | null
}

export interface ScriptAnswer {
  readonly value: unknown
  readonly contextText: string
}

/** The built-in Python exception that a call shall raise in the script. */
export class PythonRefusal extends Error {
  readonly pythonType: string

  constructor(pythonType: string, message: string) {
    super(message)
    this.pythonType = pythonType
  }
}

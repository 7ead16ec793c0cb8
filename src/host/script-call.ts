/** Calls from a script to the engine, as values. The runners that the script opens answer them (`default-runner`). */

import type { GenerationNumber } from '../border/protocol.ts'
import type { TaskSlot, TimeLimit } from '../engine/ports.ts'
import type { AskingTask } from './process/call-answers.ts'
import type { ScriptRestriction } from './restriction/restriction.ts'

/** Call from a script. Settles with the answer, or rejects with a `PythonRefusal`. */
export interface ScriptCall {
  readonly method: string
  readonly payload: unknown
  readonly contextText: string
  /** Slot of the calling task; null if the caller is not a task. */
  readonly slot: TaskSlot | null
  /** Calling task; null if the caller is not a task, or has ended. */
  readonly task: AskingTask | null
  /** Time limit of the calling task. */
  readonly limit: TimeLimit
  /** Generation of the caller. */
  readonly generation: GenerationNumber
  /** Restriction of the script; null for none. */
  readonly restriction: ScriptRestriction | null
}

export interface ScriptAnswer {
  readonly value: unknown
  readonly contextText: string
}

/** Built-in Python exception that the call raises in the script. */
export class PythonRefusal extends Error {
  readonly pythonType: string

  constructor(pythonType: string, message: string) {
    super(message)
    this.pythonType = pythonType
  }
}

/** Method of a script's runner as a value. `calls.ts`, `graph-calls.ts` and `wait-calls.ts` contain all methods. */

import * as v from 'valibot'
import type { Engine } from '../engine/engine.ts'
import type { TaskSlot } from '../engine/ports.ts'
import type { ActionOptions } from '../engine/services/action-service.ts'
import type { ScriptAnswer } from '../host/script-call.ts'

export interface CallInput {
  readonly contextText: string
  /** Slot of the calling task, released while the task waits; null if no task calls. */
  readonly slot: TaskSlot | null
}

export interface RunnerCallResult {
  readonly value: unknown
  readonly contextText?: string
}

export interface RunnerCall {
  /** Documented start of the message of a failure, or ''. */
  readonly failure: string
  /** Schema of the payload, which names the runner. */
  readonly schema: v.GenericSchema<unknown, { readonly runner: number }>
  /** `payload`: output of the schema. */
  run(engine: Engine, payload: { readonly runner: number }, input: CallInput): Promise<RunnerCallResult>
}

export function runnerCall<Entries extends v.ObjectEntries>(
  failure: string,
  entries: Entries,
  run: (
    engine: Engine,
    payload: v.InferOutput<v.ObjectSchema<Entries, undefined>>,
    input: CallInput,
  ) => Promise<RunnerCallResult>,
): RunnerCall {
  return {
    failure,
    schema: v.object({ ...entries, runner: v.number() }) as unknown as RunnerCall['schema'],
    run: (engine, payload, input) =>
      run(engine, payload as unknown as v.InferOutput<v.ObjectSchema<Entries, undefined>>, input),
  }
}

/** Returns the answer to a call that returns no context. */
export function toAnswer(value: unknown): ScriptAnswer {
  return { value: value ?? null, contextText: '' }
}

export const PYTHON_ACTION: ActionOptions = { source: 'python' }

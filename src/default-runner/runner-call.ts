/** One thing that a script may ask of a runner that it opened, as a value. `calls.ts` and `graph-calls.ts` have them all. */

import * as v from 'valibot'
import type { Engine } from '../engine/engine.ts'
import type { TaskSlot } from '../engine/ports.ts'
import type { Actor } from '../model/action.ts'

export interface CallInput {
  readonly contextText: string
  /** The slot of the task that asks, given back while it waits; null when no task asks. */
  readonly slot: TaskSlot | null
}

export interface CallResult {
  readonly value: unknown
  readonly contextText?: string
}

export interface RunnerCall {
  /** Documented beginning of the message when the call fails, or ''. */
  readonly failure: string
  /** Of the payload, which names the runner: validated once. */
  readonly schema: v.GenericSchema<unknown, { readonly runner: number }>
  /** `payload` is what the schema gave. */
  run(engine: Engine, payload: { readonly runner: number }, input: CallInput): Promise<CallResult>
}

export function call<Entries extends v.ObjectEntries>(
  failure: string,
  entries: Entries,
  run: (
    engine: Engine,
    payload: v.InferOutput<v.ObjectSchema<Entries, undefined>>,
    input: CallInput,
  ) => Promise<CallResult>,
): RunnerCall {
  return {
    failure,
    schema: v.object({ ...entries, runner: v.number() }) as unknown as RunnerCall['schema'],
    run: (engine, payload, input) =>
      run(engine, payload as unknown as v.InferOutput<v.ObjectSchema<Entries, undefined>>, input),
  }
}

/** Who does what scripts ask for. */
export const PYTHON: Actor = { source: 'python', note: null }

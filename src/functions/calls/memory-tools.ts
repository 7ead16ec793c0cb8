/** Tools of a task that use its memory: `tools.once` and `tools.run`. */

import type { ChildResult, RunOptions, TaskTools } from '../../authoring/function-types.ts'
import { objectText, valueText } from '../../authoring/json-text.ts'
import type { EndedChild, TaskMemory } from '../../engine/ports.ts'
import { toError, UsageError } from '../../errors.ts'
import { formatValue, keyArgument, textArgument } from '../../model/arguments.ts'
import { MAX_RESULT_BYTES } from '../../model/chain-key.ts'
import { type JsonObject, parseContext } from '../../model/context.ts'
import type { FunctionCall } from './function-call.ts'

/** Calls of `once` that have not ended, by name: the last one of each. */
export type OpenOnces = Map<string, Promise<unknown>>

/** Returns the stored result of a name, or calls the function and stores its result. Calls with one name take turns. */
export async function onceInChain<Result>(
  call: FunctionCall,
  memory: TaskMemory,
  open: OpenOnces,
  name: string,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  const key = keyArgument(name, 'name')
  if (typeof run !== 'function') {
    const message = `The second argument of once() must be a function, but ${formatValue(run)} was given.`
    throw new UsageError('INVALID_ARGUMENT', message, { path: 'function' })
  }
  assertRunning(call, 'once')
  const kept = async () =>
    (await memory.findResult(key)) ?? (await memory.keepResult(key, resultText(key, await run())))
  const before = open.get(key)
  const turn = before === undefined ? kept() : before.then(kept, kept)
  open.set(key, turn)
  try {
    return JSON.parse(await turn) as Result
  } finally {
    if (open.get(key) === turn) open.delete(key)
  }
}

/** Starts a child execution once for the key, and waits for its end. */
export async function runInChain(
  call: FunctionCall,
  memory: TaskMemory,
  workflow: Parameters<TaskTools['run']>[0],
  input: JsonObject,
  options: RunOptions,
): Promise<ChildResult> {
  const name = textArgument(workflow, 'workflow')
  const key = keyArgument((options as RunOptions | undefined)?.key)
  const inputText = objectText(input, 'input')
  assertRunning(call, 'run')
  const end = await memory.runChild({ workflow: name, inputText, key }, call)
  if (end.kind === 'parked') throw call.park()
  return childResult(end.child)
}

function assertRunning(call: FunctionCall, tool: string): void {
  if (!call.hasEnded) return
  throw new UsageError('INVALID_ARGUMENT', `${call.label} has ended, so ${tool}() is not available.`, { path: tool })
}

/** Throws a `TypeError` for a value that is not JSON or too large. */
function resultText(name: string, value: unknown): string {
  const beginning = `The function of once(${JSON.stringify(name)}) has run, but its result cannot be stored`
  let text: string
  try {
    text = valueText(value, 'result')
  } catch (thrown) {
    throw new TypeError(`${beginning}: ${toError(thrown).message}`)
  }
  const bytes = Buffer.byteLength(text)
  if (bytes <= MAX_RESULT_BYTES) return text
  throw new TypeError(`${beginning}: it has ${bytes} bytes of JSON, but at most ${MAX_RESULT_BYTES} are stored`)
}

function childResult({ contextText: text, ...child }: EndedChild): ChildResult {
  let context: JsonObject | null = null
  return {
    ...child,
    contextText: text,
    get context() {
      context ??= parseContext(text)
      return context
    },
  }
}

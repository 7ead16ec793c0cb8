/**
 * The body of an attempt with its callbacks, as one function: all of it is within the limit of the attempt. Used by
 * `function-host.ts`.
 */

import type { ModuleTask, TaskTools } from '../authoring/types.ts'
import type { ContextText, JsonObject } from '../model/context.ts'
import { faultOf } from './calls/faults.ts'
import type { FunctionCall } from './calls/function-call.ts'
import { frozenContext, patchedText } from './context-values.ts'
import { TASK_FAILED } from './outcomes.ts'
import { isPromiseLike } from './promise-like.ts'

export interface Attempt {
  readonly task: ModuleTask
  readonly taskId: string
  readonly inputText: ContextText
  readonly call: FunctionCall
  readonly tools: TaskTools
}

/** Returns the text of the context that it leaves, or a promise of it. Throws what the body throws. */
export function runAttempt(attempt: Attempt): ContextText | Promise<ContextText> {
  const { task, inputText, tools } = attempt
  const context = frozenContext(inputText) as JsonObject
  if (task.onSuccess !== null || task.onFailure !== null) return withCallbacks(attempt, context)
  const returned = task.run(context, tools)
  if (!isPromiseLike(returned)) return patchedText(inputText, context, returned)
  return Promise.resolve(returned).then((value) => patchedText(inputText, context, value))
}

async function withCallbacks({ task, taskId, inputText, call, tools }: Attempt, context: JsonObject) {
  const { onSuccess, onFailure } = task
  let text: ContextText
  try {
    text = patchedText(inputText, context, await task.run(context, tools))
  } catch (thrown) {
    // It times out or is cancelled: then it has not failed.
    if (onFailure !== null && !call.isStopping) {
      await calledBack(call, taskId, 'onFailure', () => onFailure(taskId, errorOf(thrown), context))
    }
    throw thrown
  }
  if (onSuccess !== null && !call.isStopping) {
    await calledBack(call, taskId, 'onSuccess', () => onSuccess(taskId, frozenContext(text) as JsonObject))
  }
  return text
}

/** What it throws changes nothing, and is printed. */
async function calledBack(call: FunctionCall, taskId: string, name: string, callback: () => unknown): Promise<void> {
  try {
    await callback()
  } catch (thrown) {
    const { message } = faultOf(thrown, `[cloaca] ${name} callback failed for task '${taskId}'`)
    call.print('stderr', `${message}\n`)
  }
}

/** A callback is given an error whatever was thrown. */
function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(faultOf(thrown, TASK_FAILED).message, { cause: thrown })
}

/**
 * Runs the body and callbacks of an attempt within its time limit, and converts the end. Called by `function-host.ts`.
 */

import type { ModuleTask, TaskTools } from '../authoring/function-types.ts'
import { TryLater } from '../authoring/try-later.ts'
import type { Parked, TriedLater } from '../engine/ports.ts'
import { leaseFault, overdueMessage } from '../host/process/call-outcomes.ts'
import type { ContextText, JsonObject } from '../model/context.ts'
import type { AttemptOutcome } from '../model/execution.ts'
import { limitedFault, type PythonFault } from '../model/fault.ts'
import type { Masks } from '../output/masks.ts'
import { toPythonFault } from './calls/faults.ts'
import type { CallEnd, FunctionCall, Stop } from './calls/function-call.ts'
import { frozenContext, patchedText } from './context-values.ts'
import { isPromiseLike } from './promise-like.ts'

const TASK_FAILED = 'Task execution failed'

export interface FunctionAttempt {
  readonly task: ModuleTask
  readonly taskId: string
  readonly inputText: ContextText
  readonly call: FunctionCall
  readonly tools: TaskTools
}

/** Returns the text of the context that it leaves, or a promise of it. Throws what the body throws. */
export function runAttempt(attempt: FunctionAttempt): ContextText | Promise<ContextText> {
  const { task, inputText, tools } = attempt
  const context = frozenContext(inputText) as JsonObject
  if (task.onSuccess !== null || task.onFailure !== null) return withCallbacks(attempt, context)
  const returned = task.run(context, tools)
  if (!isPromiseLike(returned)) return patchedText(inputText, context, returned)
  return Promise.resolve(returned).then((value) => patchedText(inputText, context, value))
}

async function withCallbacks({ task, taskId, inputText, call, tools }: FunctionAttempt, context: JsonObject) {
  const { onSuccess, onFailure } = task
  let text: ContextText
  try {
    text = patchedText(inputText, context, await task.run(context, tools))
  } catch (thrown) {
    if (onFailure !== null && !call.isStopping && thrown !== call.parked && !(thrown instanceof TryLater)) {
      await calledBack(call, taskId, 'onFailure', () => onFailure(taskId, errorOf(thrown), context))
    }
    throw thrown
  }
  if (onSuccess !== null && !call.isStopping) {
    await calledBack(call, taskId, 'onSuccess', () => onSuccess(taskId, frozenContext(text) as JsonObject))
  }
  return text
}

/** Calls a callback. Its errors are only printed. */
async function calledBack(call: FunctionCall, taskId: string, name: string, callback: () => unknown): Promise<void> {
  try {
    await callback()
  } catch (thrown) {
    const { message } = toPythonFault(thrown, `[cloaca] ${name} callback failed for task '${taskId}'`)
    call.print('stderr', `${message}\n`)
  }
}

/** Callbacks always receive an error, also if another value was thrown. */
function errorOf(thrown: unknown): Error {
  // Uncoded: the thrown value of a function, as an error
  return thrown instanceof Error ? thrown : new Error(toPythonFault(thrown, TASK_FAILED).message, { cause: thrown })
}

export function attemptOutcome(end: CallEnd, label: string, deadlineMs: number): AttemptOutcome | Parked | TriedLater {
  switch (end.kind) {
    case 'returned':
      return { kind: 'completed', contextText: end.value as string }
    case 'threw':
      return threwOutcome(end.thrown)
    case 'parked':
      return end
    case 'stopped':
      return stoppedOutcome(end.stop, label, deadlineMs)
  }
}

function threwOutcome(thrown: unknown): AttemptOutcome | TriedLater {
  if (!(thrown instanceof TryLater)) return { kind: 'failed', error: toPythonFault(thrown, TASK_FAILED) }
  return { kind: 'tryLater', delayMs: thrown.delayMs, limit: thrown.limit }
}

function stoppedOutcome({ kind, reason }: Stop, label: string, deadlineMs: number): AttemptOutcome {
  switch (kind) {
    case 'timedOut':
      return {
        kind: 'timedOut',
        error: { type: 'DeadlineError', message: overdueMessage(label, deadlineMs), traceback: '' },
      }
    case 'exited':
      return { kind: 'failed', error: toPythonFault(reason, TASK_FAILED), isFinal: true }
    case 'background':
      return { kind: 'failed', error: toPythonFault(reason, `${TASK_FAILED} in the background`) }
    case 'stopping':
      return {
        kind: 'lost',
        error: { type: 'HostClosed', message: `${label} was stopped because the runner is closing`, traceback: '' },
      }
    case 'outOfLease':
      return { kind: 'lost', error: leaseFault(label) }
    case 'cancelled': {
      const { message } = reason as Error
      return { kind: 'cancelled', error: { type: 'CancelledError', message, traceback: '' }, lostScripts: [] }
    }
  }
}

/** Returns the outcome for a task that its script no longer declares, although it declares the workflow. */
export function missingTask(label: string, script: string): AttemptOutcome {
  const message = `${label} was not run: script "${script}" no longer declares it`
  return { kind: 'failed', error: { type: 'NotRun', message, traceback: '' } }
}

/** Masks secrets first and shortens the texts afterwards, because the mask would not find a part of a secret. */
export function maskedFault(fault: PythonFault, masks: Masks | null): PythonFault {
  if (masks === null) return limitedFault(fault)
  const { type, message, traceback } = fault
  return limitedFault({
    type: masks.inText(type),
    message: masks.inText(message),
    traceback: masks.inText(traceback),
  })
}

/**
 * What follows from the states of an execution's tasks: a task's input, whether it may run, and what an ended
 * execution leaves. Pure; `RunState` keeps the states and asks here.
 */

import { type ContextText, EMPTY_CONTEXT } from '../../model/context.ts'
import { type PythonFault, shownError } from '../../model/fault.ts'
import type { TaskDefinition } from '../../model/workflow.ts'
import type { ContextCodec, ExecutionEnd } from '../ports.ts'
import { MAX_RECOVERIES } from './retry.ts'
import { meetsRule, type RuleView } from './rules.ts'

/**
 * The context that a task with dependencies receives: the merge of their outputs, in the order of declaration. One entry
 * per dependency; null for one that failed or was skipped. The run's own context is not mixed in.
 */
export function mergedOutputs(outputs: readonly (ContextText | null)[], codec: ContextCodec): ContextText {
  const present = outputs.filter((output) => output !== null)
  const [first] = present
  if (first === undefined) return EMPTY_CONTEXT
  return present.length === 1 ? first : codec.merge(present)
}

export type Readiness =
  | { readonly kind: 'run' }
  | { readonly kind: 'skip' }
  | { readonly kind: 'fail'; readonly error: PythonFault }

/** Whether a task whose dependencies are all final runs. `definition` is null when the code no longer has the task. */
export function readinessOf(
  definition: TaskDefinition | null,
  names: { readonly workflow: string; readonly taskId: string },
  view: RuleView,
  codec: ContextCodec,
): Readiness {
  if (definition === null) return { kind: 'fail', error: missingTask(names.workflow, names.taskId) }
  try {
    return meetsRule(definition.rule, view, codec) ? { kind: 'run' } : { kind: 'skip' }
  } catch (thrown) {
    return { kind: 'fail', error: unreadableContext(names.taskId, thrown) }
  }
}

export interface Tally {
  readonly failed: readonly { readonly taskId: string; readonly message: string }[]
  readonly completed: number
  readonly skipped: number
}

/** `lastOutputText` is the output of the completed task that finished last and left a context that is not empty. */
export function endOf(
  tally: Tally,
  lastOutputText: ContextText | null,
  runInputText: ContextText,
  endedAt: number,
): ExecutionEnd {
  return {
    status: tally.failed.length === 0 ? 'Completed' : 'Failed',
    endedAt,
    finalText: lastOutputText ?? runInputText,
    errorMessage: tally.failed.length === 0 ? null : failureMessage(tally),
  }
}

/** What an execution leaves that was cancelled: what it had come to, and why it was. */
export function cancelledEnd(reason: string, finalText: ContextText, endedAt: number): ExecutionEnd {
  return { status: 'Cancelled', endedAt, finalText, errorMessage: reason }
}

/** Failures named in an execution's message; the rest is counted, and stands in the tasks. */
const NAMED_FAILURES = 5

function failureMessage({ failed, completed, skipped }: Tally): string {
  const named = failed
    .slice(0, NAMED_FAILURES)
    .map(({ taskId, message }) => `${taskId}: ${shownError(firstLine(message))}`)
  if (failed.length > NAMED_FAILURES) named.push(`and ${failed.length - NAMED_FAILURES} more`)
  return `${failed.length} task(s) failed, ${completed} completed, ${skipped} skipped: ${named.join('; ')}`
}

function firstLine(text: string): string {
  const end = text.indexOf('\n')
  return end < 0 ? text : text.slice(0, end)
}

/** True for the text of an object without members. */
export function isEmptyContext(text: ContextText): boolean {
  return text.length < 64 && /^\s*\{\s*\}\s*$/.test(text)
}

/** The failure of a task that died with its process or interpreter too often. */
export function abandoned(taskId: string, last: PythonFault | null): PythonFault {
  const why = last === null ? '' : ` Last error: ${last.message}`
  return {
    type: 'TaskAbandoned',
    message:
      `ABANDONED: task "${taskId}" is not retried, because the process or interpreter died ${MAX_RECOVERIES + 1} ` +
      `times while it was running this task.${why}`,
    traceback: last?.traceback ?? '',
  }
}

/** The failure of a task whose input cannot be made or looked at. */
export function unreadableContext(taskId: string, thrown: unknown): PythonFault {
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  return { type: 'ContextError', message: `The input of task "${taskId}" cannot be read: ${reason}`, traceback: '' }
}

function missingTask(workflow: string, taskId: string): PythonFault {
  return {
    type: 'TaskNotFound',
    message: `Workflow "${workflow}" no longer has a task "${taskId}": the script changed after this execution started.`,
    traceback: '',
  }
}

/** Pure functions for `RunState`: the input of a task, whether a task runs, and the end of an execution. */

import { type ContextText, EMPTY_CONTEXT } from '../../model/context.ts'
import type { TaskStatus } from '../../model/execution.ts'
import { formatError, MAX_SHOWN_CHARACTERS, type PythonFault, withoutIntroduction } from '../../model/fault.ts'
import { ruleText, tasksOfRule } from '../../model/rules/rule-text.ts'
import type { TaskDefinition, TriggerRule } from '../../model/workflow.ts'
import { LimitValueError } from '../limits/limit-keys.ts'
import type { ContextCodec } from '../ports.ts'
import type { ExecutionEnd, ExecutionFailure } from '../store-ports.ts'
import { MAX_RECOVERIES } from './retry.ts'
import { meetsRule, type RuleView } from './rule-evaluation.ts'

/** Merges the outputs of dependencies in the order of declaration, without the context of the run. Null: no output. */
export function mergedOutputs(outputs: readonly (ContextText | null)[], codec: ContextCodec): ContextText {
  const present = outputs.filter((output) => output !== null)
  const [first] = present
  if (first === undefined) return EMPTY_CONTEXT
  return present.length === 1 ? first : codec.merge(present)
}

/**
 * Returns the dependencies of a task that an execution has, in the order of declaration. Newer code may have added a
 * task before it that the execution does not have: the dependencies of the added task take its place.
 */
export function presentDependencies(
  task: TaskDefinition | null | undefined,
  definitions: ReadonlyMap<string, TaskDefinition>,
  isInExecution: (id: string) => boolean,
): readonly string[] {
  const found = new Set<string>()
  const added = new Set<string>()
  const open = (task?.dependencies ?? []).toReversed()
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (isInExecution(id)) found.add(id)
    else if (!added.has(id)) {
      added.add(id)
      for (const earlier of (definitions.get(id)?.dependencies ?? []).toReversed()) open.push(earlier)
    }
  }
  return [...found]
}

export type TaskReadiness =
  | { readonly kind: 'run' }
  /** `error`: reason of the skip. */
  | { readonly kind: 'skip'; readonly error: PythonFault }
  | { readonly kind: 'fail'; readonly error: PythonFault }

/** Returns whether a task with final dependencies runs. `definition` is null if the code no longer has the task. */
export function taskReadiness(
  definition: TaskDefinition | null,
  names: { readonly workflow: string; readonly taskId: string },
  view: RuleView,
  codec: ContextCodec,
): TaskReadiness {
  if (definition === null) return { kind: 'fail', error: missingTask(names.workflow, names.taskId) }
  try {
    const { rule } = definition
    if (meetsRule(rule, view, codec)) return { kind: 'run' }
    return { kind: 'skip', error: unmetRuleFault(names.taskId, rule, view) }
  } catch (thrown) {
    return { kind: 'fail', error: unreadableContextFault(names.taskId, thrown) }
  }
}

interface FailedTask {
  readonly taskId: string
  readonly finishedOrder: number
  readonly error: PythonFault | null
}

export interface TaskTally {
  readonly failed: readonly FailedTask[]
  readonly completed: number
  readonly skipped: number
}

/** `lastOutputText` is the output of the completed task that finished last and left a context that is not empty. */
export function executionEnd(
  tally: TaskTally,
  lastOutputText: ContextText | null,
  runInputText: ContextText,
  endedAt: number,
): ExecutionEnd {
  const finalText = lastOutputText ?? runInputText
  const failure = executionFailure(tally)
  if (failure === null) return { status: 'Completed', endedAt, finalText, errorMessage: null }
  return { status: 'Failed', endedAt, finalText, errorMessage: failureMessage(tally), failure }
}

export function cancelledEnd(reason: string, finalText: ContextText, endedAt: number): ExecutionEnd {
  return { status: 'Cancelled', endedAt, finalText, errorMessage: reason }
}

const NAMED_FAILURES = 5

function failureMessage({ failed, completed, skipped }: TaskTally): string {
  const named = failed
    .slice(0, NAMED_FAILURES)
    .map(({ taskId, error }) => `${taskId}: ${formatError(firstLine(error?.message ?? 'failed'))}`)
  if (failed.length > NAMED_FAILURES) named.push(`and ${failed.length - NAMED_FAILURES} more`)
  return `${failed.length} task(s) failed, ${completed} completed, ${skipped} skipped: ${named.join('; ')}`
}

/** A task cannot fail because of a dependency before the dependency has failed, so the first failure is a cause. */
function executionFailure({ failed, completed, skipped }: TaskTally): ExecutionFailure | null {
  const [first] = [...failed].sort((one, other) => one.finishedOrder - other.finishedOrder)
  if (first === undefined) return null
  const { taskId, error } = first
  const { type: errorType, message } = error ?? { type: 'Error', message: 'failed' }
  const share = ` (${failed.length} of ${failed.length + completed + skipped} tasks failed)`
  return { cause: causeLine(`${taskId}: ${errorType}`, bareMessage(errorType, message), share), taskId, errorType }
}

/** Returns at most as many characters as lists and log lines show, so that none of them cuts the end. */
function causeLine(head: string, message: string, share: string): string {
  const shownHead = formatError(head, MAX_SHOWN_CHARACTERS / 2)
  const room = MAX_SHOWN_CHARACTERS - shownHead.length - ': '.length - share.length
  return `${shownHead}${message === '' ? '' : `: ${formatError(message, room)}`}${share}`
}

/** Returns the first line with text, without the introduction and the type of the error. */
function bareMessage(errorType: string, message: string): string {
  const text = withoutIntroduction(message)
  const bare = text.startsWith(`${errorType}:`) ? text.slice(errorType.length + 1) : text
  return firstLine(bare.trim()).trimEnd()
}

function firstLine(text: string): string {
  const end = text.indexOf('\n')
  return end < 0 ? text : text.slice(0, end)
}

export function isEmptyContext(text: ContextText): boolean {
  return text.length < 64 && /^\s*\{\s*\}\s*$/.test(text)
}

export function abandonedFault(taskId: string, last: PythonFault | null): PythonFault {
  const why = last === null ? '' : ` Last error: ${last.message}`
  return {
    type: 'TaskAbandoned',
    message:
      `ABANDONED: task "${taskId}" is not retried, because the process or interpreter died ${MAX_RECOVERIES + 1} ` +
      `times while it was running this task.${why}`,
    traceback: last?.traceback ?? '',
  }
}

export function unreadableContextFault(taskId: string, thrown: unknown): PythonFault {
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  return { type: 'ContextError', message: `The input of task "${taskId}" cannot be read: ${reason}`, traceback: '' }
}

/** Returns the error of a task whose input cannot be created, or has no usable value for a limit. */
export function inputFault(taskId: string, thrown: unknown): PythonFault {
  if (!(thrown instanceof LimitValueError)) return unreadableContextFault(taskId, thrown)
  return { type: 'ValueError', message: `Task "${taskId}" cannot begin: ${thrown.message}.`, traceback: '' }
}

/** Maximum number of tasks that the reason of a skip names with their statuses. */
const MAX_TASKS_IN_REASON = 5
/** Maximum number of characters of a rule in the reason of a skip. */
const MAX_RULE_CHARACTERS = 500

function unmetRuleFault(taskId: string, rule: TriggerRule, { statusOf }: RuleView): PythonFault {
  const names = tasksOfRule(rule)
  const states = names.slice(0, MAX_TASKS_IN_REASON).map((name) => `"${name}" ${endWords(statusOf(name))}`)
  const more = names.length - states.length
  if (more > 0) states.push(`and ${more} more`)
  const text = formatError(ruleText(rule), MAX_RULE_CHARACTERS)
  const reason = `its rule ${text} is not met${states.length === 0 ? '' : `: ${states.join(', ')}`}`
  return { type: 'RuleNotMet', message: `Task "${taskId}" was skipped, because ${reason}.`, traceback: '' }
}

function endWords(status: TaskStatus | null): string {
  if (status === null) return 'is not in the workflow'
  if (status === 'Completed' || status === 'Failed') return status.toLowerCase()
  return `was ${status.toLowerCase()}`
}

function missingTask(workflow: string, taskId: string): PythonFault {
  const reason = 'the script changed after this execution started'
  return {
    type: 'TaskNotFound',
    message: `Workflow "${workflow}" no longer has a task "${taskId}": ${reason}.`,
    traceback: '',
  }
}

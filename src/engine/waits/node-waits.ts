/** Decisions about nodes that wait, without effects outside of the state of the task. Called by `run-state.ts`. */

import { type ContextText, parseExactly } from '../../model/context.ts'
import { isFinal } from '../../model/execution.ts'
import type { PythonFault } from '../../model/fault.ts'
import { filledKey, filledTitle } from '../../model/wait-templates.ts'
import type { ApprovalAnswer, NodeWait, WaitEnding } from '../../model/waits.ts'
import type { DelayEnd, OnTimeout, WaitDefinition, WorkflowDefinition } from '../../model/workflow.ts'
import { nextRunAt } from '../cron/expressions.ts'
import { unreadableContextFault } from '../executions/ready.ts'
import type { TaskState } from '../executions/task-state.ts'
import type { ContextCodec } from '../ports.ts'
import { payloadProblem } from './payload-check.ts'
import {
  payloadFault,
  rejectedFault,
  removedNodeFault,
  stoppedFault,
  timeoutFault,
  unopenedFault,
} from './wait-faults.ts'

/** Latest time, in milliseconds since 1970, that `Date` can represent. */
const MAX_TIME = 8_640_000_000_000_000

/** Parts of a run that opening and ending a wait needs. */
export interface WaitParts {
  readonly codec: ContextCodec
  readonly newId: () => string
  /** Returns the input of the node. Throws if the outputs before it cannot be merged. */
  input(): ContextText
}

/** Opens the wait of a node. Returns false if it cannot open, for example in a zone that this machine does not have. */
export function opensWait(task: TaskState, wait: WaitDefinition, at: number, parts: WaitParts): boolean {
  try {
    task.wait = openedWait(wait, at, parts)
  } catch (thrown) {
    task.error = unopenedFault(task.taskId, thrown)
    return false
  }
  task.status = 'Waiting'
  task.startedAt = at
  return true
}

function openedWait(wait: WaitDefinition, at: number, { codec, newId, input }: WaitParts): NodeWait {
  if (wait.kind === 'delay') return { kind: 'delay', openedAt: at, deadlineAt: deadlineOf(wait.end, at) }
  const times = { openedAt: at, deadlineAt: wait.timeoutMs === null ? null : timeAfter(at, wait.timeoutMs) }
  let text: ContextText | null = null
  const pick = (name: string) => {
    text ??= input()
    return codec.pick(text, name)
  }
  if (wait.kind === 'signal') return { ...times, kind: 'signal', signal: wait.signal, key: filledKey(wait.key, pick) }
  const title = filledTitle(wait.title, pick)
  return { ...times, kind: 'approval', approvalId: newId(), title, form: wait.form }
}

/** Returns the end of a node whose wait has ended in the store, or that is gone from the code. Null: it still waits. */
export function continuedWait(
  task: TaskState,
  workflow: string,
  parts: WaitParts,
): 'Completed' | 'Failed' | 'Skipped' | null {
  const { definition, ending, taskId } = task
  if (definition === null) {
    task.error = removedNodeFault(workflow, taskId)
    return 'Skipped'
  }
  if (ending === null) return null
  const answer = ending.kind === 'answered' ? (JSON.parse(ending.payloadText) as ApprovalAnswer) : null
  if (answer?.approved === false) {
    task.error = rejectedFault(taskId, answer)
    return 'Failed'
  }
  const end = ending.kind === 'elapsed' && task.wait?.kind !== 'delay' ? timeoutOf(definition.wait) : 'continue'
  if (end !== 'continue') {
    task.error = timeoutFault(task)
    return end === 'skip' ? 'Skipped' : 'Failed'
  }
  const problem = payloadProblem(definition.wait, ending)
  if (problem !== null) {
    task.error = payloadFault(task, problem)
    return 'Failed'
  }
  try {
    task.outputText = outputOf(task, ending, parts)
    return 'Completed'
  } catch (thrown) {
    task.error = unreadableContextFault(taskId, thrown)
    return 'Failed'
  }
}

function timeoutOf(wait: WaitDefinition | undefined): OnTimeout {
  return wait === undefined || wait.kind === 'delay' ? 'fail' : wait.onTimeout
}

/** Returns the input of a delay, or the input of another node with the payload under its id. */
function outputOf({ taskId, wait }: TaskState, ending: WaitEnding, { codec, input }: WaitParts): ContextText {
  if (wait?.kind === 'delay') return input()
  return withMember(input(), taskId, 'payloadText' in ending ? ending.payloadText : 'null', codec)
}

/** Adds a member to the text of a context, or replaces the member of this name. All numbers stay exact. */
function withMember(text: ContextText, name: string, json: string, codec: ContextCodec): ContextText {
  if (codec.pick(text, name) !== null) {
    return JSON.stringify({ ...(parseExactly(text) as object), [name]: parseExactly(json) })
  }
  const inner = text.slice(text.indexOf('{') + 1, text.lastIndexOf('}')).trim()
  return `{${inner}${inner === '' ? '' : ','}${JSON.stringify(name)}:${json}}`
}

/** Marks the tasks that had ended after a node that did not complete, when an engine acquires the execution. */
export function findStopped(states: readonly TaskState[], { tasks }: WorkflowDefinition): void {
  const byId = new Map(states.map((state) => [state.taskId, state]))
  // Dependencies come first in the definition.
  for (const { id } of tasks) {
    const task = byId.get(id)
    if (task !== undefined && isFinal(task.status)) task.stoppedBy = stoppingNode(task, states)
  }
}

function deadlineOf(end: DelayEnd, at: number): number {
  if (end.kind === 'after') return timeAfter(at, end.ms)
  const [hour, minute] = end.time.time.split(':').map(Number)
  return nextRunAt(`${minute} ${hour} * * *`, end.time.timezone, at)
}

/** Returns the time after a delay, at most the latest time that `Date` can represent. */
export function timeAfter(at: number, ms: number): number {
  return Math.min(at + ms, MAX_TIME)
}

/**
 * Returns the id of a waiting node before a task, directly or through other tasks, that has not completed. Otherwise
 * null. A task with a rule of its own hides the nodes before it, unless it was skipped. All dependencies must be final.
 */
function stoppingNode(task: TaskState, tasks: readonly TaskState[]): string | null {
  for (const index of task.dependencies) {
    const before = tasks[index]
    if (before === undefined || before.definition === null || !isFinal(before.status)) continue
    const { wait, hasOwnRule } = before.definition
    const passesOn = hasOwnRule === undefined || before.status === 'Skipped'
    const earlier = passesOn ? before.stoppedBy : null
    if (earlier !== null) return earlier
    if (wait !== undefined && before.status !== 'Completed') return before.taskId
  }
  return null
}

/** Returns the reason if a task is skipped because of a node before it, and notes the node for the tasks after it. */
export function skipFault(task: TaskState, tasks: readonly TaskState[]): PythonFault | null {
  const node = stoppingNode(task, tasks)
  task.stoppedBy = node
  if (node === null || task.definition === null || task.definition.hasOwnRule !== undefined) return null
  return stoppedFault(task.taskId, node)
}

/** Returns whether no task runs, is ready or is retried, and at least one node waits. */
export function hasOnlyWaits(tasks: readonly TaskState[]): boolean {
  const isIdle = ({ status, unfinishedDependencies }: TaskState) =>
    isFinal(status) || status === 'Waiting' || (status === 'NotStarted' && unfinishedDependencies > 0)
  return tasks.some(({ status }) => status === 'Waiting') && tasks.every(isIdle)
}

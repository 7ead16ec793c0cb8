/** Errors of nodes that wait, and reasons why nodes and the tasks after them were skipped. */

import type { PythonFault } from '../../model/fault.ts'
import { formatInstant } from '../../model/time/instant.ts'
import { WaitKeyError } from '../../model/wait-templates.ts'
import type { ApprovalAnswer } from '../../model/waits.ts'
import type { TaskState } from '../executions/task-state.ts'

export function stoppedFault(taskId: string, node: string): PythonFault {
  const message = `Task "${taskId}" was skipped, because node "${node}" before it did not complete.`
  return { type: 'WaitNotCompleted', message, traceback: '' }
}

export function removedNodeFault(workflow: string, taskId: string): PythonFault {
  const message = `Node "${taskId}" was skipped, because workflow "${workflow}" no longer declares it.`
  return { type: 'NodeNotFound', message, traceback: '' }
}

/** Returns the error of a node whose wait cannot open. */
export function unopenedFault(taskId: string, thrown: unknown): PythonFault {
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  if (thrown instanceof WaitKeyError) {
    return { type: 'WaitKeyError', message: `Node "${taskId}" has no valid key: ${reason}.`, traceback: '' }
  }
  return { type: 'WaitNotOpened', message: `Node "${taskId}" cannot wait: ${reason}`, traceback: '' }
}

export function timeoutFault({ taskId, wait }: TaskState): PythonFault {
  const event =
    wait?.kind === 'signal'
      ? `signal ${JSON.stringify(wait.signal)} with key ${JSON.stringify(wait.key)} was not sent`
      : 'it was not answered'
  const until = formatInstant(wait?.deadlineAt ?? 0)
  return { type: 'WaitTimeout', message: `Node "${taskId}" timed out: ${event} before ${until}.`, traceback: '' }
}

export function rejectedFault(taskId: string, { by, note }: ApprovalAnswer): PythonFault {
  const reason = note === null ? '.' : `: ${note}`
  return { type: 'ApprovalRejected', message: `Approval "${taskId}" was rejected by ${by}${reason}`, traceback: '' }
}

/** `problem`: why the payload does not match, without a full stop. */
export function payloadFault({ taskId, wait }: TaskState, problem: string): PythonFault {
  const signal = wait?.kind === 'signal' ? ` of signal ${JSON.stringify(wait.signal)}` : ''
  const message = `Node "${taskId}" failed, because the payload${signal} does not match its schema: ${problem}.`
  return { type: 'WaitPayloadError', message, traceback: '' }
}

/** Converts the end of a worker to results for its open requests. Pure. */

import type { TaskRequest } from '../../engine/ports.ts'
import { overdueMessage } from '../../host/process/call-outcomes.ts'
import type { AttemptOutcome } from '../../model/execution.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { PollOutcome } from '../../model/trigger.ts'
import type { InputChecked } from './worker-messages.ts'

export interface WorkerEnd {
  readonly script: string
  readonly reason: string
  /** Label of the poll or task that caused the end; null if unknown. */
  readonly culprit: string | null
  readonly isOverdue: boolean
  /** The culprit was cancelled, but did not stop. */
  readonly isCancelled: boolean
  /** The worker is alive, and only this request was given up. */
  readonly isAlive: boolean
}

/** Returns a complete sentence for logs. */
export function endNotice({ script, reason, culprit }: WorkerEnd): string {
  const because = culprit === null ? '' : ` The cause was ${culprit}.`
  return `The worker of script "${script}" ended: ${reason}.${because} A new worker starts.`
}

export function pollLost(end: WorkerEnd, label: string, deadlineMs: number): PollOutcome {
  if (end.culprit === label && end.isOverdue) return { kind: 'timedOut', error: overdue(label, deadlineMs) }
  return { kind: 'failed', error: gone(end) }
}

export function taskLost(end: WorkerEnd, { deadlineMs, script }: TaskRequest, label: string): AttemptOutcome {
  if (end.culprit !== label) return { kind: 'lost', error: gone(end) }
  if (end.isCancelled) {
    const message = `${label} was stopped because its execution was cancelled`
    const error = { type: 'CancelledError', message, traceback: '' }
    return { kind: 'cancelled', error, lostScripts: end.isAlive ? [] : [script] }
  }
  return end.isOverdue ? { kind: 'timedOut', error: overdue(label, deadlineMs) } : { kind: 'lost', error: gone(end) }
}

export function inputLost(end: WorkerEnd): InputChecked {
  return { kind: 'refused', message: gone(end).message }
}

function gone({ script, reason, culprit, isAlive }: WorkerEnd): PythonFault {
  const because = culprit === null || isAlive ? '' : ` Cause: ${culprit}.`
  return {
    type: 'WorkerDied',
    message: `The worker of script "${script}" ${isAlive ? 'did not respond' : 'ended'}: ${reason}.${because}`,
    traceback: '',
  }
}

function overdue(label: string, deadlineMs: number): PythonFault {
  return { type: 'DeadlineError', message: overdueMessage(label, deadlineMs), traceback: '' }
}

/** Converts results of a host that breaks its port into failures. Used by `task-attempts.ts`. */

import { InternalError, toError } from '../../../errors.ts'
import type { AttemptOutcome } from '../../../model/execution.ts'
import type { LimitKey } from '../../../model/limits/limits.ts'
import type { TaskResult, TriedLater } from '../../ports.ts'

export async function withoutRejection(outcome: Promise<TaskResult>): Promise<TaskResult> {
  try {
    return await outcome
  } catch (thrown) {
    const error = new InternalError(`The engine failed while it was calling the script: ${toError(thrown).message}.`)
    return { kind: 'lost', error: { type: error.name, message: error.message, traceback: error.stack ?? '' } }
  }
}

/** Outcome of an attempt that is parked although it waits for no child. */
export const PARKED_FOR_NOTHING: AttemptOutcome = {
  kind: 'failed',
  error: { type: 'RuntimeError', message: 'The task ended as parked, but it waits for no child.', traceback: '' },
}

/**
 * Returns the failure of an attempt that may not end with `TryLater`, or null. `done`: number of earlier attempts of
 * the task that ended with it.
 */
export function refusedTryLater(
  { limit }: TriedLater,
  taskId: string,
  limits: readonly LimitKey[],
  done: number,
  most: number,
): AttemptOutcome | null {
  if (limit !== null && !limits.some(({ name }) => name === limit)) {
    const message = `limit "${limit}" is not a limit of task "${taskId}"`
    return { kind: 'failed', error: { type: 'ValueError', message, traceback: '' }, isFinal: true }
  }
  if (done < most) return null
  const message =
    `Task "${taskId}" ended with TryLater ${done + 1} times, and the setting limits.try-later allows ${most}. ` +
    'Increase the setting, or let the task fail.'
  return { kind: 'failed', error: { type: 'TryLater', message, traceback: '' }, isFinal: true }
}

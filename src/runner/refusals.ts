/** Errors that a runner throws. */

import { UsageError } from '../errors.ts'
import { didYouMean } from '../registry/nearest.ts'

export function runnerClosedError(): UsageError {
  return new UsageError('RUNNER_CLOSED', 'The runner was closed. Open a new one.')
}

export function unknownTriggerError(trigger: string, known: Iterable<string>): UsageError {
  const message = `Trigger "${trigger}" not found in the loaded scripts.${didYouMean(trigger, known)}`
  return new UsageError('TRIGGER_NOT_FOUND', message, { trigger })
}

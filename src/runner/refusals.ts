/** What a runner refuses, in its own words. */

import { UsageError } from '../errors.ts'
import { didYouMean } from '../registry/nearest.ts'

export function closed(): UsageError {
  return new UsageError('RUNNER_CLOSED', 'The runner was closed. Open a new one.')
}

export function unknownTrigger(trigger: string, known: Iterable<string>): UsageError {
  const message = `Trigger "${trigger}" not found in the loaded scripts.${didYouMean(trigger, known)}`
  return new UsageError('TRIGGER_NOT_FOUND', message, { trigger })
}

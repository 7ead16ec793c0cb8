/** Sends one test alert to a receiver of the settings, for `cloaca alert test`. Opens no database. */

import { alertTargets, receiverNames } from '../../alerts/alert-options.ts'
import { type AttemptResult, attemptDelivery } from '../../alerts/alert-target.ts'
import { SystemClock } from '../../engine/system-clock.ts'
import { UsageError } from '../../errors.ts'
import type { Alert } from '../../model/alert.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { Settings } from '../../settings/settings.ts'
import { commandEnvironment } from './script-process.ts'
import { alertOptionsFromSettings } from './setting-options.ts'

export interface AlertTest {
  readonly id: string
  readonly receiver: string
  /** Results for the URL and the command of the receiver. */
  readonly deliveries: readonly (AttemptResult & { readonly to: 'url' | 'command' })[]
}

/** Throws `INVALID_ARGUMENT`, with the names of all receivers, for an unknown receiver. */
export async function sendTestAlert(settings: Settings, receiver: string): Promise<AlertTest> {
  const options = alertOptionsFromSettings(settings)
  const names = receiverNames(options)
  if (!names.includes(receiver)) throw unknownReceiver(receiver, names)
  const clock = new SystemClock()
  const targets = alertTargets(options, { clock, environment: commandEnvironment })
  const alert = testAlert(receiver, clock.now())
  const never = new AbortController().signal
  const attempts = targets
    .filter((target) => target.receiver === receiver)
    .map(async (target) => ({ to: target.to, ...(await attemptDelivery(target, alert, never)) }))
  return { id: alert.id, receiver, deliveries: await Promise.all(attempts) }
}

function testAlert(receiver: string, at: number): Alert {
  return {
    id: crypto.randomUUID(),
    kind: 'execution-failed',
    state: 'opened',
    subject: null,
    message: `Test alert to receiver "${receiver}". Nothing has failed.`,
    ...{ at, since: at, count: 1 },
    ...{ workflow: null, trigger: null, task: null, errorType: null, cause: null, executionId: null },
  }
}

function unknownReceiver(receiver: string, names: readonly string[]): UsageError {
  const known =
    names.length === 0
      ? 'No receiver is configured. Set alerts.url or alerts.command, or add [alerts.receiver.NAME].'
      : `The receivers are: ${names.join(', ')}.`
  const hint = didYouMean(receiver, names)
  const message = `Receiver "${receiver}" not found in the settings of this folder. ${known}${hint}`
  return new UsageError('INVALID_ARGUMENT', message, { path: 'receiver' })
}

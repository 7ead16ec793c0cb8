/** Target of alerts: a webhook or a command of a receiver. Implemented in `webhook.ts` and `command.ts`. */

import type { Alert, DeliveryTarget } from '../model/alert.ts'

/** Result of one attempt. */
export interface AttemptResult {
  /** Such as `status 204`, or null without a response. */
  readonly response: string | null
  /** Null if the alert was delivered. */
  readonly error: string | null
}

export interface AlertTarget extends DeliveryTarget {
  /** Place in log lines, without secret and path. */
  readonly shown: string
  /** Rejects if the target did not respond. Gives up when `stopping` is aborted. */
  send(alert: Alert, stopping: AbortSignal): Promise<AttemptResult>
}

/** Sends an alert. Never rejects. */
export async function attemptDelivery(
  target: AlertTarget,
  alert: Alert,
  stopping: AbortSignal,
): Promise<AttemptResult> {
  try {
    return await target.send(alert, stopping)
  } catch (thrown) {
    return { response: null, error: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

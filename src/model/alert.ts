/** Alerts: what somebody was to be told of, and what came of it. */

/** What alerts are sent for. */
export const ALERT_KINDS = [
  'execution-failed',
  'trigger-failing',
  'trigger-late',
  'interpreter-quarantined',
  'database-refused',
] as const

export type AlertKind = (typeof ALERT_KINDS)[number]

/** What receivers get. */
export interface Alert {
  readonly id: string
  readonly kind: AlertKind
  /** What it is about: the id of an execution or schedule, the name of a trigger, a script; null: the database. */
  readonly subject: string | null
  /** A complete sentence, without contexts. */
  readonly message: string
  readonly at: number
}

/** What came of sending an alert to one receiver. */
export interface AlertDelivery {
  readonly to: 'url' | 'command'
  readonly outcome: 'pending' | 'delivered' | 'failed'
  readonly attempts: number
  /** Why the last attempt failed, or why there is none; null when it was delivered. */
  readonly error: string | null
  /** When it was delivered or given up; null while it is pending. */
  readonly endedAt: number | null
}

/** An alert in history. One that is pending where nobody serves any more was cut off with its process. */
export interface AlertRow extends Alert {
  readonly deliveries: readonly AlertDelivery[]
}

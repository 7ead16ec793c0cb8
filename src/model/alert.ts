/** Alerts: what somebody was to be told of, and what came of it. */

/** What alerts are sent for. */
export const ALERT_KINDS = [
  'execution-failed',
  'trigger-failing',
  'trigger-late',
  'interpreter-quarantined',
  'database-refused',
] as const

/** Event that causes an alert. */
export type AlertKind = (typeof ALERT_KINDS)[number]

/** Alert as cloaca sends it. */
export interface Alert {
  readonly id: string
  readonly kind: AlertKind
  /** Id of the execution or schedule, name of the trigger, or script that the alert is about. Null for the database. */
  readonly subject: string | null
  /** Complete sentence without data of contexts. */
  readonly message: string
  /** Time of the event, in milliseconds since 1970. */
  readonly at: number
}

/** Result of sending an alert to one receiver. */
export interface AlertDelivery {
  /** Receiver: the webhook or the command of `AlertOptions`. */
  readonly to: 'url' | 'command'
  readonly outcome: 'pending' | 'delivered' | 'failed'
  readonly attempts: number
  /** Error of the last attempt, or null if it was delivered. */
  readonly error: string | null
  /** Time of the delivery or of the last failed attempt, in milliseconds since 1970. Null while it is pending. */
  readonly endedAt: number | null
}

/** Stored alert. An alert that stays pending after its engine stopped was not delivered. */
export interface AlertRow extends Alert {
  readonly deliveries: readonly AlertDelivery[]
}

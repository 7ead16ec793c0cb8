/** Incidents, alerts, their receivers and deliveries, as values. */

export const ALERT_KINDS = [
  'execution-failed',
  'trigger-failing',
  'trigger-late',
  'interpreter-quarantined',
  'database-refused',
  'trigger-disabled',
  'trigger-silent',
  'deadline-missed',
  'engine-lost',
  'approval-requested',
] as const

/** Event that causes an alert. */
export type AlertKind = (typeof ALERT_KINDS)[number]

/** Kinds that are sent by default. */
export const DEFAULT_ALERT_KINDS: readonly AlertKind[] = Object.freeze(
  ALERT_KINDS.filter((kind) => kind !== 'approval-requested'),
)

export const ALERT_STATES = ['opened', 'repeated', 'recovered'] as const

/** Reason of a message about an incident. */
export type AlertState = (typeof ALERT_STATES)[number]

/** Content of an alert about one failure. */
export interface AlertFacts {
  /** Id of the execution or schedule, name of the trigger, or script that the alert is about. Null for the database. */
  readonly subject: string | null
  /** Complete sentence without data of contexts. */
  readonly message: string
  readonly workflow: string | null
  readonly trigger: string | null
  /** Name of the failed task. */
  readonly task: string | null
  /** Class name of the exception, such as `ValueError`. */
  readonly errorType: string | null
  /** Cause of a failed execution in one line, or the error of a failed poll. */
  readonly cause: string | null
  readonly executionId: string | null
}

/** Alert: a message about an incident. Times are in milliseconds since 1970. */
export interface Alert extends AlertFacts {
  readonly id: string
  readonly kind: AlertKind
  readonly state: AlertState
  /** Time of the event. */
  readonly at: number
  /** Number of failures since the incident was opened. */
  readonly count: number
  /** Time at which the incident was opened. */
  readonly since: number
}

/** Failures of one kind and subject until the first success. Times are in milliseconds since 1970. */
export interface Incident {
  readonly id: string
  readonly kind: AlertKind
  /** Name of the workflow or trigger, script or id of the engine; empty for the database. */
  readonly subject: string
  readonly openedAt: number
  /** Time of the last failure. */
  readonly lastAt: number
  readonly count: number
  /** Null while it is open. */
  readonly endedAt: number | null
}

/** Incident with the facts of its last failure. */
export interface ReportedIncident extends Incident {
  readonly facts: AlertFacts
}

/** Place to which alerts are sent: a webhook or a command of a receiver. */
export interface DeliveryTarget {
  /** Name of the receiver in the settings. */
  readonly receiver: string
  readonly to: 'url' | 'command'
}

/** Result of sending an alert to one target. */
export interface AlertDelivery extends DeliveryTarget {
  readonly outcome: 'pending' | 'delivered' | 'failed'
  readonly attempts: number
  /** Response to the last attempt, such as `status 204` or `exit code 0`. Null without a response. */
  readonly response: string | null
  /** Error of the last attempt, or null if it was delivered. */
  readonly error: string | null
  /** Time of the delivery or of the last failed attempt, in milliseconds since 1970. Null while it is pending. */
  readonly endedAt: number | null
}

/** Stored alert. */
export interface AlertRow extends Alert {
  readonly deliveries: readonly AlertDelivery[]
}

/** Time in which a taken delivery must be settled: longer than any attempt. */
export const TAKEN_MS = 60_000

/** Age of a message after which it is not sent any more. */
export const GIVE_UP_AFTER_MS = 86_400_000

/** Maximum time between two attempts of a delivery. */
export const MAX_DELIVERY_WAIT_MS = 600_000

/** Receiver of alerts: a URL or a command. */
export interface AlertReceiver {
  /** URL that receives a JSON POST for each alert, `http://` or `https://`. */
  readonly url?: string
  /** Secret that signs the requests to the URL according to the Standard Webhooks specification. */
  readonly secret?: string
  /** Command that receives each alert as JSON on stdin: a program with its arguments, or a line for the shell. */
  readonly command?: string | readonly string[]
}

/** Route of alerts to receivers. All given conditions must match. In a condition, `*` stands for any text. */
export interface AlertRoute {
  readonly workflow?: string
  readonly trigger?: string
  readonly kind?: string
  /** Tag of the trigger or workflow, such as `team=data`. A list requires all of its tags. */
  readonly tag?: string | readonly string[]
  /** Names of one or more receivers. */
  readonly receiver: string | readonly string[]
}

/** Name of the receiver that the settings `alerts.url` and `alerts.command` define. */
export const DEFAULT_RECEIVER = 'default'

/** Time without a refusal after which the incident of the database ends. */
export const DATABASE_CALM_MS = 300_000

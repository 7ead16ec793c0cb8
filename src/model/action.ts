/**
 * What people do to executions and triggers, and ask of whoever serves them, as values. Each is a row: what, to what,
 * from where and why.
 */

/** Kind of an action. `check` asks the engine that serves a workflow to check an input; users request all others. */
export type ActionKind =
  | 'cancel'
  | 'pause'
  | 'resume'
  | 'retry'
  | 'fire'
  | 'poll'
  | 'enable'
  | 'disable'
  | 'set'
  | 'create'
  | 'delete'
  | 'prune'
  | 'subscribe'
  | 'unsubscribe'
  | 'replay'
  | 'check'

/**
 * A request for an execution, which its owner applies. A newer one replaces an older one that was not applied, and joins one
 * of its own kind. Nothing replaces a cancel.
 */
export interface SteeringRequest {
  readonly kind: 'pause' | 'resume' | 'cancel'
  /** Actions that are answered when the request is applied; of a cancel, when the execution has ended. */
  readonly actionIds: readonly string[]
  /** For a cancel: running tasks may end by themselves. */
  readonly waits: boolean
  /** For a cancel: the message of the execution. */
  readonly reason: string
  /** Epoch milliseconds. */
  readonly at: number
}

/** The newest request of an execution, with its number: each execution counts its requests from 1. */
export interface NumberedRequest extends SteeringRequest {
  readonly number: number
}

/** Interface through which a user requested an action. */
export type ActionSource = 'cli' | 'node' | 'http' | 'python'

export interface NewAction {
  readonly id: string
  readonly kind: ActionKind
  /** Id of an execution, schedule or subscription, name of a trigger or workflow, or `reactor` followed by its name. */
  readonly target: string
  readonly source: ActionSource
  /** Reason that the user gave, or null. */
  readonly note: string | null
  /** Parameters of the action as JSON, depending on its kind. */
  readonly argumentsText: string | null
  /** Time of the request, in milliseconds since 1970. */
  readonly at: number
}

/** Outcome of an action. */
export interface ActionAnswer {
  /** Whether the action was rejected. `text` then gives the reason. */
  readonly isRefused: boolean
  /** Details as JSON, depending on the kind of the action. The reason as a sentence if it was rejected. */
  readonly text: string | null
}

/** Action that a user requested, such as the cancellation of an execution. Times are in milliseconds since 1970. */
export interface ActionRow extends NewAction {
  /** Outcome of the action, or null while it is pending. */
  readonly answer: ActionAnswer | null
  readonly answeredAt: number | null
}

/** Who does something, and why. */
export interface Actor {
  readonly source: ActionSource
  readonly note: string | null
}

/**
 * What people do to executions and triggers, and ask of whoever serves them, as values. Each is a row: what, to what,
 * from where and why.
 */

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

/** The door that it came through. */
export type ActionSource = 'cli' | 'node' | 'http' | 'python'

export interface NewAction {
  readonly id: string
  readonly kind: ActionKind
  /** The id of an execution, a schedule or a subscription, the name of a trigger or workflow, or `reactor` and its name. */
  readonly target: string
  readonly source: ActionSource
  /** Why, in the words of who did it. */
  readonly note: string | null
  /** What the kind needs to know, as JSON. */
  readonly argumentsText: string | null
  /** Epoch milliseconds. */
  readonly at: number
}

export interface ActionAnswer {
  /** It was not done; `text` says why. */
  readonly isRefused: boolean
  /** JSON, by kind; of a refusal, a sentence. */
  readonly text: string | null
}

export interface ActionRow extends NewAction {
  /** Null while nobody has answered. */
  readonly answer: ActionAnswer | null
  readonly answeredAt: number | null
}

/** Who does something, and why. */
export interface Actor {
  readonly source: ActionSource
  readonly note: string | null
}

/** Actions that users request for executions and triggers, as values. */

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
  | 'state'
  | 'create'
  | 'delete'
  | 'prune'
  | 'subscribe'
  | 'unsubscribe'
  | 'replay'
  | 'check'
  | 'backfill'
  | 'refire'
  | 'signal'
  | 'approve'
  | 'reject'
  | 'close'
  | 'open'

/**
 * A request for an execution, which its owner applies. A newer request replaces a pending one, or joins one of its own
 * kind. Nothing replaces a cancel.
 */
export interface SteeringRequest {
  readonly kind: 'pause' | 'resume' | 'cancel'
  /** Ids of actions that are answered when the request is applied; for a cancel, when the execution has ended. */
  readonly actionIds: readonly string[]
  /** For a cancel: whether running tasks may end by themselves. */
  readonly waits: boolean
  /** For a cancel: the message of the execution. */
  readonly reason: string
  /** Time in milliseconds since 1970. */
  readonly at: number
}

/** The newest request of an execution, with its number: each execution counts its requests from 1. */
export interface NumberedRequest extends SteeringRequest {
  readonly number: number
}

/** Interface through which a user requested an action. */
export type ActionSource = 'cli' | 'node' | 'http' | 'python' | 'engine'

export interface NewAction {
  readonly id: string
  readonly kind: ActionKind
  /**
   * Id of an execution, schedule or approval, name of a trigger, workflow or signal, or `reactor`, `limit` or
   * `subscription` and its name or id.
   */
  readonly target: string
  readonly source: ActionSource
  /** Reason that the user gave, or null. */
  readonly note: string | null
  /** Parameters of the action as JSON, depending on its kind. */
  readonly argumentsText: string | null
  /** Time of the request, in milliseconds since 1970. */
  readonly at: number
}

/** Action that enabled or disabled its target. */
export interface SwitchRow extends Pick<NewAction, 'id' | 'source' | 'note' | 'at'> {
  readonly kind: 'enable' | 'disable'
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

/** Kind of the thing that an action is about. */
export const ACTION_TARGET_KINDS = [
  ...(['execution', 'executions', 'trigger', 'schedule', 'workflow', 'reactor'] as const),
  ...(['subscription', 'approval', 'signal', 'limit'] as const),
] as const

export type ActionTargetKind = (typeof ACTION_TARGET_KINDS)[number]

/** Targets of kinds of actions that are always about the same kind of thing. */
const TARGETS: Readonly<Partial<Record<ActionKind, ActionTargetKind>>> = {
  ...{ retry: 'execution', prune: 'executions', poll: 'trigger', state: 'trigger', refire: 'trigger' },
  ...{ create: 'schedule', backfill: 'schedule', check: 'workflow', signal: 'signal' },
  ...{ approve: 'approval', reject: 'approval' },
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Returns the kind of the target of an action, and the name or id of the target. */
export function actionTarget(action: Pick<NewAction, 'kind' | 'target' | 'argumentsText'>): {
  readonly kind: ActionTargetKind
  readonly name: string
} {
  const { kind, target, argumentsText } = action
  const [, prefix, rest] = /^(reactor|limit|subscription) (.+)$/s.exec(target) ?? []
  const known = TARGETS[kind]
  if (known !== undefined) return { kind: known, name: target }
  if (prefix !== undefined && rest !== undefined) return { kind: prefix as ActionTargetKind, name: rest }
  if (kind === 'cancel' || kind === 'pause' || kind === 'resume') {
    // A backfill has the id of its schedule as the target, and a refire the name of its trigger.
    const batch = /^\{"(backfill|refire)":/.exec(argumentsText ?? '')?.[1]
    return { kind: batch === undefined ? 'execution' : batch === 'backfill' ? 'schedule' : 'trigger', name: target }
  }
  return { kind: UUID.test(target) ? 'schedule' : 'trigger', name: target }
}

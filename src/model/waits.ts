/** Waits of nodes, signals and approvals, as values. Times are in milliseconds since 1970. */

import type { JsonObject, JsonValue } from './plain-json.ts'

interface OpenedWait {
  readonly openedAt: number
  /** Time at which the wait ends by itself. Null: never. */
  readonly deadlineAt: number | null
}

/** Wait of a node, as it opened. `child`: of a task that waits for the end of a child execution. */
export type NodeWait =
  | (OpenedWait & { readonly kind: 'delay' })
  | (OpenedWait & { readonly kind: 'signal'; readonly signal: string; readonly key: string })
  | (OpenedWait & {
      readonly kind: 'approval'
      readonly approvalId: string
      readonly title: string
      readonly form: JsonObject | null
    })
  | (OpenedWait & { readonly kind: 'child'; readonly childId: string })
  | (OpenedWait & { readonly kind: 'limit'; readonly limit: string; readonly value: string })

/** Kind of a wait. */
export type WaitKind = NodeWait['kind']

/** Wait in the store. `ending` is null while it is open. */
export type StoredWait = NodeWait & {
  readonly taskId: string
  readonly ending: WaitEnding | null
}

/**
 * How a wait ended. `elapsed`: its deadline has passed. `signal`: a signal was sent, with a payload as JSON text.
 * `answered`: an approval was answered, with the `ApprovalAnswer` as JSON text. `child`: the child has ended.
 * `free`: a slot of the limit is free.
 */
export type WaitEnding =
  | { readonly kind: 'elapsed' | 'child' | 'free'; readonly endedAt: number }
  | { readonly kind: 'signal' | 'answered'; readonly endedAt: number; readonly payloadText: string }

/** Reason why an execution is waiting: no running engine has loaded its workflow. */
export interface EngineWait {
  readonly kind: 'engine'
  readonly workflow: string
}

/**
 * Reason why an execution has not begun: the limit of its workflow, or the `maxActive` of its trigger, which is named
 * `trigger:` followed by the name of the trigger.
 */
export interface LimitWait {
  readonly kind: 'limit'
  readonly limit: string
  /** Value of `per`. Null without `per`. */
  readonly value: JsonValue
  /** Maximum number of active executions. */
  readonly slots: number | null
  /** Ids of executions that use the slots, at most ten. */
  readonly heldBy: readonly string[]
}

interface OpenNode {
  /** Id of the node. */
  readonly node: string
  /** Time at which the wait opened. */
  readonly since: number
}

/** Open wait of a node of an execution. */
export type OpenWait =
  | (OpenNode & { readonly kind: 'delay'; readonly until: number })
  | (OpenNode & {
      readonly kind: 'signal'
      readonly signal: string
      readonly key: string
      readonly until: number | null
    })
  | (OpenNode & {
      readonly kind: 'approval'
      readonly approvalId: string
      readonly title: string
      readonly until: number | null
    })
  /** `executionId`: id of the child execution. */
  | (OpenNode & { readonly kind: 'child'; readonly executionId: string; readonly until: null })
  /** `node`: id of the task that waits for a slot. `until`: time at which the limit may have one, if time decides. */
  | (OpenNode & LimitWait & { readonly until: number | null })

/** Reason why an execution is waiting: an open wait of a node, the limit of its trigger, or no engine for it. */
export type ExecutionWait = OpenWait | LimitWait | EngineWait

/** Whether a signal ended waits, or is kept until a wait of its name and key opens. */
export type SignalState = 'used' | 'kept'

/** Stored signal. */
export interface SignalRow {
  readonly id: string
  readonly name: string
  readonly key: string
  readonly payload: JsonValue
  /** Payload as exact JSON text. */
  readonly payloadText: string
  readonly state: SignalState
  /** Ids of the executions whose waits it ended. */
  readonly executions: readonly string[]
  /** Interface through which it was sent, and on the command line the system user. */
  readonly source: string
  readonly sentAt: number
  /** Time at which it ended a wait, or null. */
  readonly usedAt: number | null
}

/** Answer to the first sending of a signal. */
export interface SignalReceipt {
  readonly id: string
  readonly state: SignalState
  /** Ids of the executions whose waits it ended immediately. */
  readonly executions: readonly string[]
  /** Whether a signal with the same id, name, key and payload was sent before. */
  readonly isRepeated: boolean
}

/** States of an approval. `cancelled`: the execution was cancelled, or its code no longer has the node. */
export const APPROVAL_STATES = ['open', 'answered', 'expired', 'cancelled'] as const

/** State of an approval. */
export type ApprovalState = (typeof APPROVAL_STATES)[number]

/** Answer of a person to an approval. */
export interface ApprovalAnswer {
  readonly approved: boolean
  readonly values: JsonObject
  /** Interface of the answer, and on the command line the system user. */
  readonly by: string
  readonly at: number
  readonly note: string | null
}

/** Question of a workflow to a person. */
export interface ApprovalRow {
  readonly id: string
  readonly executionId: string
  readonly workflow: string
  readonly node: string
  readonly title: string
  /** JSON Schema of the values of the answer. Null: the answer has no values. */
  readonly form: JsonObject | null
  readonly createdAt: number
  /** Time after which it accepts no answer. Null: never. */
  readonly expiresAt: number | null
  readonly state: ApprovalState
  readonly answer: ApprovalAnswer | null
  /** Values of the answer as exact JSON text. Null until the answer. */
  readonly valuesText: string | null
}

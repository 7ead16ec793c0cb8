/** Values of the store's methods that create executions. */

import type { ContextText } from '../../model/context.ts'
import type { TaskRun } from '../../model/execution.ts'
import type { WorkflowLimit } from '../../model/workflow.ts'

/** A new execution, complete before it is stored. */
export interface NewExecution {
  readonly id: string
  readonly workflow: string
  readonly version: string
  readonly inputText: ContextText
  readonly tasks: readonly NewTask[]
  /** From -100 to 100. Default: 0. */
  readonly priority?: number
  /** Slot that it needs before it can begin. Default: none. */
  readonly limit?: NeededSlot
  readonly retryOf?: string
  /** Tasks whose stored results and children the chain of `retryOf` forgets. */
  readonly forgets?: readonly string[]
  /** Whether it is stored only if `retryOf` has no other retry. */
  readonly isOnlyRetry?: true
}

/**
 * Slot of the limit of a workflow. The store counts the executions of the workflow and value that have begun: an
 * execution begins when it is stored without waiting, or when a slot becomes free.
 */
export interface NeededSlot extends Pick<WorkflowLimit, 'maxActive' | 'overflow'>, Partial<Pick<WorkflowLimit, 'per'>> {
  /** JSON text, `null` without `per`. */
  readonly value: string
}

/** `otherRetry`: it had to be the only retry, and is not. `limited`: the limit of its workflow refused it. */
export type CreationResult = { readonly kind: 'created' | 'otherRetry' } | LimitedStart

/** A workflow with `overflow="drop"` has no free slot for the execution. Nothing is stored. */
export interface LimitedStart {
  readonly kind: 'limited'
  /** Number of executions that have begun. */
  readonly active: number
  /** Maximum that applies, of the newest code or a person. Null: the limit is closed. */
  readonly maxActive: number | null
}

/** Execution that is created only if its workflow does not have the key. */
export interface KeyedExecution {
  readonly execution: NewExecution
  readonly startKey: StartKey
  readonly at: number
}

/** Key of a start, within its workflow. */
export interface StartKey {
  readonly key: string
  /** Fingerprint of the input as the caller gave it, which the check of the workflow may have changed. */
  readonly fingerprint: string
}

/** Execution that has a key. It may have been removed since it was started. */
export interface KeyHolder {
  readonly executionId: string
  /** Fingerprint of the input that was given with the key. */
  readonly fingerprint: string
}

export type CreatedOnce =
  | { readonly kind: 'created' }
  | { readonly kind: 'known'; readonly holder: KeyHolder }
  | LimitedStart

export interface NewTask {
  readonly taskId: string
  readonly fullName: string
  /** Result of the task in the execution that is retried. The task does not run again. */
  readonly kept?: TaskRun
}

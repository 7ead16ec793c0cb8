/**
 * A workflow as data: what a script declared, checked, without its functions. These stay where the script was loaded; a task
 * is named by (workflow key, task id).
 */

/** Where something was declared, for messages. */
export interface SourcePlace {
  readonly file: string
  readonly line: number
}

/** How the delay between attempts grows. See `engine/executions/retry.ts` for the formulas. */
export type Backoff =
  | { readonly kind: 'fixed' }
  | { readonly kind: 'linear'; readonly multiplier: number }
  | { readonly kind: 'exponential'; readonly base: number; readonly multiplier: number }

/** Which failures are tried again. */
export type RetryCondition =
  | { readonly kind: 'never' }
  | { readonly kind: 'transient' }
  | { readonly kind: 'all' }
  | { readonly kind: 'pattern'; readonly patterns: readonly string[] }

export interface RetryPolicy {
  /** Attempts in total: 1 and 0 both mean a single try. */
  readonly maxAttempts: number
  readonly backoff: Backoff
  readonly initialDelayMs: number
  readonly maxDelayMs: number
  /** Multiplies the delay by a uniform factor in [0.75, 1.25]. */
  readonly jitter: boolean
  readonly condition: RetryCondition
}

export type ContextOperator =
  | 'Equals'
  | 'NotEquals'
  | 'GreaterThan'
  | 'LessThan'
  | 'Contains'
  | 'NotContains'
  | 'Exists'
  | 'NotExists'

/** The condition for running a task at all, evaluated once when all its dependencies are final. */
export type TriggerRule =
  | { readonly type: 'Always' }
  | { readonly type: 'TaskSuccess' | 'TaskFailed' | 'TaskSkipped'; readonly taskName: string }
  | {
      readonly type: 'ContextValue'
      readonly key: string
      readonly operator: ContextOperator
      /** JSON text, so that 1 and 1.0 stay different. */
      readonly valueText: string
    }
  | { readonly type: 'All' | 'Any' | 'None'; readonly conditions: readonly TriggerRule[] }

/** The function of another script that a task runs. */
export interface TaskRuns {
  /** Id of that script, as it was loaded. */
  readonly script: string
  /** Null: whichever workflow of that script declares the task. */
  readonly workflow: string | null
  readonly taskId: string
}

export interface TaskDefinition {
  /** Short id inside the workflow. */
  readonly id: string
  /** `tenant::package::workflow::task`. */
  readonly fullName: string
  /** Ids of tasks of the same workflow, in the order in which they were declared: the order of the context merge. */
  readonly dependencies: readonly string[]
  readonly retry: RetryPolicy
  /** Limit of one attempt, in milliseconds; null: that of the engine. */
  readonly timeoutMs: number | null
  readonly rule: TriggerRule
  /** The computation graph that runs after its body; missing for most. */
  readonly invokes?: string
  /** What runs in place of a function of the workflow's own script; missing for most. */
  readonly runs?: TaskRuns
  readonly place: SourcePlace | null
}

export interface WorkflowDefinition {
  /** The name under which it is registered and executed. */
  readonly key: string
  /** The builder's display name. */
  readonly title: string
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
  readonly tenant: string
  readonly package: string
  /** 16 hex digits; equal definitions have equal versions. */
  readonly version: string
  /** In an order in which dependencies come first. */
  readonly tasks: readonly TaskDefinition[]
  /** Whether its code checks what executions begin with, by a schema; missing for most. */
  readonly checksInput?: true
  /** Id of the script that declared it: its functions run the tasks, except for those that say otherwise. */
  readonly script: string
  readonly place: SourcePlace | null
}

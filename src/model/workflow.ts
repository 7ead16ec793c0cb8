/**
 * A workflow as data: what a script declared, checked, without its functions. These stay where the script was loaded; a task
 * is named by (workflow key, task id).
 */

/** Place of a declaration in the source code. */
export interface SourcePlace {
  readonly file: string
  readonly line: number
}

/** Growth of the delay between attempts. */
export type Backoff =
  | { readonly kind: 'fixed' }
  | { readonly kind: 'linear'; readonly multiplier: number }
  | { readonly kind: 'exponential'; readonly base: number; readonly multiplier: number }

/** Failures that are retried. */
export type RetryCondition =
  | { readonly kind: 'never' }
  | { readonly kind: 'transient' }
  | { readonly kind: 'all' }
  | { readonly kind: 'pattern'; readonly patterns: readonly string[] }

/** Retry rules of a task. */
export interface RetryPolicy {
  /** Maximum number of attempts. 0 and 1 both mean a single attempt. */
  readonly maxAttempts: number
  readonly backoff: Backoff
  readonly initialDelayMs: number
  readonly maxDelayMs: number
  /** Whether each delay is multiplied by a random factor between 0.75 and 1.25. */
  readonly jitter: boolean
  readonly condition: RetryCondition
}

/** Operator of a condition on a value of the context. */
export type ContextOperator =
  | 'Equals'
  | 'NotEquals'
  | 'GreaterThan'
  | 'LessThan'
  | 'Contains'
  | 'NotContains'
  | 'Exists'
  | 'NotExists'

/** Condition for running a task. It is evaluated once, when all dependencies have ended. */
export type TriggerRule =
  | { readonly type: 'Always' }
  | { readonly type: 'TaskSuccess' | 'TaskFailed' | 'TaskSkipped'; readonly taskName: string }
  | {
      readonly type: 'ContextValue'
      readonly key: string
      readonly operator: ContextOperator
      /** JSON text of the value to compare with, which keeps 1 and 1.0 different. */
      readonly valueText: string
    }
  | { readonly type: 'All' | 'Any' | 'None'; readonly conditions: readonly TriggerRule[] }

/** Function in another script that a task calls. */
export interface TaskRuns {
  /** Path of the other script as written in the declaration of the task, or its id. */
  readonly script: string
  /** Name of the workflow of the other script that declares the task. Null for any workflow. */
  readonly workflow: string | null
  readonly taskId: string
}

/** Task that a script declares. */
export interface TaskDefinition {
  /** Id of the task in its workflow. */
  readonly id: string
  /** Full name: `tenant::package::workflow::task`. */
  readonly fullName: string
  /** Ids of the tasks that it depends on, in the order in which their outputs are merged. */
  readonly dependencies: readonly string[]
  readonly retry: RetryPolicy
  /** Time limit of one attempt, in milliseconds. Null for the limit of the engine. */
  readonly timeoutMs: number | null
  readonly rule: TriggerRule
  /** Name of the computation graph that runs after the task's body. */
  readonly invokes?: string
  /** Function of another script that runs instead of a function of the workflow's own script. */
  readonly runs?: TaskRuns
  readonly place: SourcePlace | null
}

/** Workflow that a script declares. */
export interface WorkflowDefinition {
  /** Name under which the workflow is registered and executed. */
  readonly key: string
  /** Display name. */
  readonly title: string
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
  readonly tenant: string
  readonly package: string
  /** 16 hexadecimal digits. Equal definitions have equal versions. */
  readonly version: string
  /** Tasks in an order in which dependencies come first. */
  readonly tasks: readonly TaskDefinition[]
  /** Whether a schema in the code checks the initial context. */
  readonly checksInput?: true
  /** Id of the script that declares the workflow. Its functions run the tasks, except for tasks with `runs`. */
  readonly script: string
  readonly place: SourcePlace | null
}

/** A workflow as data, without its functions, which stay with the script. Tasks are named by workflow key and id. */

import type { JsonObject } from './plain-json.ts'

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

/** End of a delay: a time after the node opened, or the next time that the clock of a zone shows. */
export type DelayEnd =
  | { readonly kind: 'after'; readonly ms: number }
  | { readonly kind: 'until'; readonly time: DailyTime }

/** End of a node whose timeout passes: it fails, is skipped, or completes with null. */
export type OnTimeout = 'fail' | 'skip' | 'continue'

interface TimeLimit {
  /** Time after which the wait ends by itself. Null: never. */
  readonly timeoutMs: number | null
  readonly onTimeout: OnTimeout
}

/** Event for which a node waits. */
export type WaitDefinition =
  | { readonly kind: 'delay'; readonly end: DelayEnd }
  /** `key`: template of the key, such as `{order_id}`. `payload`: JSON Schema of the payload. Default: any JSON. */
  | (TimeLimit & {
      readonly kind: 'signal'
      readonly signal: string
      readonly key: string
      readonly payload?: JsonObject
    })
  /** `title`: template of the title. `form`: JSON Schema of the values of the answer, or null. */
  | (TimeLimit & { readonly kind: 'approval'; readonly title: string; readonly form: JsonObject | null })

/** Task or waiting node that a script declares. */
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
  /** Time within which the task must end after it was ready, or else the incident `deadline-missed` opens. */
  readonly deadlineMs?: number
  readonly rule: TriggerRule
  /** Whether the script gives the rule. Without its own rule, a task is skipped after a wait that did not complete. */
  readonly hasOwnRule?: true
  /** Set for a node that waits. It has no function, and takes no slot. */
  readonly wait?: WaitDefinition
  /** Names of limits. Each attempt takes a slot of each of them. Default: none. */
  readonly limits?: readonly string[]
  /** Name of the computation graph that runs after the task's body. */
  readonly invokes?: string
  /** Function of another script that runs instead of a function of the workflow's own script. */
  readonly runs?: TaskRuns
  readonly place: SourcePlace | null
}

/** Tags by name, such as `team`. */
export type Tags = Readonly<Record<string, string>>

/** Time of day in a time zone. */
export interface DailyTime {
  /** `HH:MM`. */
  readonly time: string
  /** IANA name. */
  readonly timezone: string
}

/**
 * Handling of executions above the limit of their workflow. `queue`: they wait. `drop`: they are refused. `newest`:
 * they wait, and older waiting executions of the value are cancelled.
 */
export const OVERFLOWS = ['queue', 'drop', 'newest'] as const

/** Handling of executions above the limit of their workflow. */
export type Overflow = (typeof OVERFLOWS)[number]

/** Limit of the executions of a workflow. */
export interface WorkflowLimit {
  readonly maxActive: number
  readonly per: string | null
  readonly overflow: Overflow
}

/** Workflow that a script declares. */
export interface WorkflowDefinition {
  /** Name under which the workflow is registered and executed. */
  readonly key: string
  /** Display name. */
  readonly title: string
  readonly description: string
  readonly tags: Tags
  /** Time within which an execution must end after it was accepted, or else the incident `deadline-missed` opens. */
  readonly deadlineMs?: number
  /**
   * Time at which an execution created since this time of the day before must have completed, or else the incident
   * `deadline-missed` opens.
   */
  readonly doneBy?: DailyTime
  /** Limit of its executions that have begun and not ended. Default: none. */
  readonly limit?: WorkflowLimit
  /** Default priority of its executions, from -100 to 100. Default: 0. */
  readonly priority?: number
  readonly tenant: string
  readonly package: string
  /** 16 hexadecimal digits. Equal definitions have equal versions. */
  readonly version: string
  /** Tasks in an order in which dependencies come first. */
  readonly tasks: readonly TaskDefinition[]
  /** Whether a schema in the code checks the initial context. */
  readonly checksInput?: true
  /** JSON Schema of the initial context, for forms. Not set if JSON Schema cannot express the schema in the code. */
  readonly inputSchema?: JsonObject
  /** Id of the script that declares the workflow. Its functions run the tasks, except for tasks with `runs`. */
  readonly script: string
  readonly place: SourcePlace | null
}

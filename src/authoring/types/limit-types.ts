/** Options and values of limits. Types and their documentation only. */

import type { LimitValues } from '../../model/limits/limits.ts'
import type { Overflow, SourcePlace } from '../../model/workflow.ts'

/** Options of `limit`. At least one of `maxActive` and `rate` is required. */
export interface LimitOptions {
  /** Maximum number of attempts that run at the same time. Default: no maximum. */
  readonly maxActive?: number | undefined
  /**
   * Maximum number of attempts that begin within a sliding window, such as `'100/1m'`: a number from 1 to 100,000 and a
   * duration from 1 s to 7 d. They may all begin at the same moment. Default: no maximum.
   */
  readonly rate?: `${number}/${number}${'s' | 'm' | 'h' | 'd' | 'ms'}` | undefined
  /**
   * Top-level name of the input of a task. Each value has its own slots. 1 and "1" are different values, and a missing
   * value is equal to null. An attempt fails, and is not retried, if its value is an array or an object, or has more
   * than 200 bytes of JSON. Default: all attempts share the slots.
   */
  readonly per?: string | undefined
}

/** Declaration of a limit as data. */
export interface DeclaredLimit extends LimitValues {
  readonly name: string
  readonly place: SourcePlace | null
}

/** Limit made by `limit`. Pass it to tasks. */
export interface Limit<Name extends string = string> {
  /** Name of the limit. */
  readonly name: Name
  /** Declaration as data. */
  readonly declared: DeclaredLimit
}

/** Options of the limit of the executions of a workflow. */
export interface WorkflowLimitOptions {
  /**
   * Maximum number of executions that have begun and not ended, over all engines of the database, regardless of what
   * starts them. Default: no maximum.
   */
  readonly maxActive?: number | undefined
  /**
   * Top-level name of the initial context. Each value has its own `maxActive` executions. 1 and "1" are different
   * values, and a missing value is equal to null. A start is refused if its value is an array or an object, or has more
   * than 200 bytes of JSON. Requires `maxActive`. Default: all executions share the limit.
   */
  readonly per?: string | undefined
  /**
   * Handling of executions above the limit. `'queue'`: they wait, in order of priority, then age. `'drop'`: they are
   * refused with `LIMITED`, and firings record the outcome `limited`. `'newest'`: only the newest execution of each
   * value waits, and older waiting executions are cancelled. Requires `maxActive`. Default: `'queue'`.
   */
  readonly overflow?: Overflow | undefined
}

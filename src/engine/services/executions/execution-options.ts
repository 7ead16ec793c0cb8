/** Options and results of `runner.executions`. */

import { textArgument } from '../../../model/arguments.ts'
import type { ExecutionStatus } from '../../../model/execution.ts'
import type { CountFilter } from '../../../model/execution-history.ts'
import type { ActionOptions } from '../action-service.ts'
import { type PageOptions, timeArgument } from '../page-options.ts'

/** Filter of executions. All given conditions must apply. */
export interface ExecutionListOptions extends PageOptions {
  readonly workflow?: string
  readonly status?: ExecutionStatus
  /** Name of the trigger that started the execution. */
  readonly trigger?: string
  /** Earliest creation time, in milliseconds since 1970. */
  readonly sinceAt?: number
  /** Creation times must be before this time, in milliseconds since 1970. */
  readonly untilAt?: number
  /** Id of the execution that was retried, or the beginning of this id. */
  readonly retryOf?: string
  /** Id of the last execution of the previous page. */
  readonly after?: string
}

/** Options of `runner.executions.retry`. */
export interface RetryOptions extends ActionOptions {
  /** Id of a task. This task and all tasks after it run again. */
  readonly from?: string
  /** Whether all tasks run again. Default: false. */
  readonly all?: boolean
  /** Whether `from` and `all` keep the results of `once`, the keys and the children. Default: false. */
  readonly keepOnce?: boolean
  /** Whether the retry is rejected if the execution was retried before. Default: false. */
  readonly once?: boolean
}

/** Options of `runner.executions.prune`. */
export interface PruneOptions extends ActionOptions {
  /** Minimum time since the end of the execution, in milliseconds. */
  readonly olderThanMs: number
  readonly status?: ExecutionStatus
  /** Whether to count the executions without deleting them. Default: false. */
  readonly dryRun?: boolean
}

/** Period and filter of `runner.executions.trend`. Default: the last 24 hours. */
export interface TrendOptions extends CountFilter {
  /** Number of parts of the period, at most 500. Default: 24. */
  readonly bars?: number
}

/** Effects of a cancellation. */
export interface CancelReport {
  /** Number of attempts that were running. */
  readonly stopped: number
  /** Ids of scripts that lost their state because their interpreter was stopped. */
  readonly lostScripts: readonly string[]
}

/** Result of `runner.executions.cancel`. `asked`: the request is stored, but the engine has not answered yet. */
export type CancelResult = ({ readonly state: 'cancelled' } & CancelReport) | { readonly state: 'asked' }
/** Result of `pause` and `resume`. `asked`: the request is stored, but the engine has not answered yet. */
export type PauseResult = { readonly state: 'done' | 'asked' }

/** Throws `INVALID_ARGUMENT`. */
export function countFilter({ workflow, trigger, sinceAt, untilAt }: CountFilter): CountFilter {
  return {
    ...(workflow !== undefined && { workflow: textArgument(workflow, 'workflow') }),
    ...(trigger !== undefined && { trigger: textArgument(trigger, 'trigger') }),
    ...(sinceAt !== undefined && { sinceAt: timeArgument(sinceAt, 'sinceAt') }),
    ...(untilAt !== undefined && { untilAt: timeArgument(untilAt, 'untilAt') }),
  }
}

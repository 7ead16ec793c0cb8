/** How long history is kept, as data. */

import type { ExecutionStatus } from './execution.ts'

/** Nothing is to be removed yet. */
export interface RetentionHold {
  /** Whether this is the first call that says so. */
  readonly isNew: boolean
  readonly until: number
  /** Ended executions that are older than the retention. */
  readonly executions: number
}

/** Executions that have ended. */
export interface EndedExecutions {
  readonly endedBeforeAt: number
  /** Only those in this status. */
  readonly status?: ExecutionStatus
}

/** How long history is kept; null keeps for good. What has not ended is kept in any case. */
export interface Retention {
  /** Skips and duplicates: ticks that started nothing. */
  readonly skippedMs: number | null
  /** Poll errors and timeouts. */
  readonly failedMs: number | null
  /** Executions after their end, with their firings and those firings' ticks; firings without a run; actions. */
  readonly endedMs: number | null
  /** Firings of reactors, whoever waits for them, and events that are accumulated, with the polls that brought them. */
  readonly firingsMs: number | null
}

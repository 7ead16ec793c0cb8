/** How long history is kept, as data. */

import type { ExecutionStatus } from './execution.ts'

/** Executions that have ended. */
export interface EndedExecutions {
  readonly endedBeforeAt: number
  /** Only those in this status. */
  readonly status?: ExecutionStatus
}

/** Time to keep history, in milliseconds. Null keeps it forever. Executions that have not ended are always kept. */
export interface Retention {
  /** Time to keep ticks that started nothing, which are skips and duplicates. */
  readonly skippedMs: number | null
  /** Time to keep ticks of polls that failed or timed out. */
  readonly failedMs: number | null
  /** Time to keep ended executions with their firings and ticks, firings without an execution, and actions. */
  readonly endedMs: number | null
  /**
   * Time to keep firings of reactors, even if a subscription has not processed them yet, and processed events with
   * their polls.
   */
  readonly firingsMs: number | null
}

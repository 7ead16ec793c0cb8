/** Rules for how long history is kept, as data. */

import type { ExecutionStatus } from './execution.ts'

/** Filter for executions that have ended. */
export interface EndedExecutions {
  readonly endedBeforeAt: number
  readonly status?: ExecutionStatus
}

/** Time to keep history, in milliseconds. Null keeps it forever. Executions that have not ended are always kept. */
export interface Retention {
  /** Time to keep ticks that started nothing, which are skips and duplicates. */
  readonly skippedMs: number | null
  /** Time to keep ticks of polls that failed or timed out, and alerts and ended incidents. */
  readonly failedMs: number | null
  /** Time to keep ended executions with firings and ticks, firings without an execution, actions and approvals. */
  readonly endedMs: number | null
  /** Time to keep firings of reactors, even unprocessed by a subscription, and processed events with their polls. */
  readonly firingsMs: number | null
  /** Time to remember which times of a schedule were fired. A backfill does not start these times again. */
  readonly scheduleTimesMs: number | null
  /** Time to keep the keys with which executions were started, also if an execution was removed. */
  readonly keysMs: number | null
  /** Time to keep signals, used or not, after which no wait uses them. */
  readonly signalsMs: number | null
}

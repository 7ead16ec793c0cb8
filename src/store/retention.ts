/** Removes what is older than its retention, a small step at a time, so that nothing waits long behind it. */

import type { Retention } from '../engine/ports.ts'
import type { TickOutcome } from '../model/schedule.ts'
import type { Connection } from './connection.ts'
import {
  DELETE_CRON_FIRING,
  DELETE_EXECUTION,
  DELETE_FIRING,
  OLD_EXECUTIONS,
  PRUNE_CRON_FIRINGS_WITHOUT_RUN,
  PRUNE_FIRED_TICKS,
  PRUNE_FIRINGS_WITHOUT_RUN,
  PRUNE_OPEN_SKIPS,
  PRUNE_TICKS,
} from './retention-queries.ts'

const ROWS_A_STEP = 500
/** Each may have thousands of task runs and large contexts. */
const EXECUTIONS_A_STEP = 20

interface OldExecution {
  readonly seq: number
  readonly firing_id: string | null
}

/** How many rows went; 0 when nothing is left to remove. */
export function prune(connection: Connection, retention: Retention, at: number): number {
  const { skippedMs, failedMs, endedMs } = retention
  let removed = 0
  if (skippedMs !== null) {
    removed += pruneTicks(connection, ['skipped', 'duplicate'], at - skippedMs)
    removed += connection.run(PRUNE_OPEN_SKIPS, at - skippedMs)
  }
  if (failedMs !== null) removed += pruneTicks(connection, ['failed', 'timedOut'], at - failedMs)
  if (endedMs !== null) removed += pruneEnded(connection, at - endedMs)
  return removed
}

function pruneTicks(connection: Connection, outcomes: readonly TickOutcome[], before: number): number {
  return outcomes.reduce((sum, outcome) => sum + connection.run(PRUNE_TICKS, outcome, before, ROWS_A_STEP), 0)
}

/** Executions first: a firing's tick goes once the firing is gone. */
function pruneEnded(connection: Connection, before: number): number {
  const old = connection.all<OldExecution>(OLD_EXECUTIONS, before, EXECUTIONS_A_STEP)
  for (const { seq, firing_id } of old) {
    if (firing_id !== null) {
      connection.run(DELETE_FIRING, firing_id)
      connection.run(DELETE_CRON_FIRING, firing_id)
    }
    connection.run(DELETE_EXECUTION, seq)
  }
  return (
    old.length +
    connection.run(PRUNE_FIRINGS_WITHOUT_RUN, before, ROWS_A_STEP) +
    connection.run(PRUNE_CRON_FIRINGS_WITHOUT_RUN, before, ROWS_A_STEP) +
    connection.run(PRUNE_FIRED_TICKS, before, ROWS_A_STEP)
  )
}

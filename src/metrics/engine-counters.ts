/** Counters of an engine since its start. Its two loops increment frequent ones, and `EngineEvents` the others. */

import type { AttemptRow } from '../model/execution.ts'
import type { TickOutcome } from '../model/schedule.ts'
import { DURATION_BOUNDS_MS, Histogram } from './histogram.ts'
import { NamedCounters } from './named-counters.ts'

export class TriggerCounters {
  /** Number of polls by outcome. */
  readonly polls: Record<TickOutcome, number> = {
    skipped: 0,
    fired: 0,
    duplicate: 0,
    limited: 0,
    failed: 0,
    timedOut: 0,
  }
  /** Number of manual firings by outcome. They involve no poll. */
  readonly byHand: Record<'fired' | 'duplicate' | 'limited', number> = { fired: 0, duplicate: 0, limited: 0 }
  /** Delay from the due time of a poll to its start. */
  readonly lateness = new Histogram(DURATION_BOUNDS_MS)
  /** Time from the start of a poll to its result. */
  readonly duration = new Histogram(DURATION_BOUNDS_MS)

  /** Counts one poll. Fast, because it runs thousands of times per second: see `npm run bench -- metrics`. */
  polled(outcome: TickOutcome, latenessMs: number | null, durationMs: number | null): void {
    this.polls[outcome] += 1
    if (latenessMs !== null) this.lateness.observe(latenessMs)
    if (durationMs !== null) this.duration.observe(durationMs)
  }
}

export class WorkflowCounters {
  /** Number of executions that this engine started. */
  started = 0
  /** Number of executions that ended in this engine, by status. */
  readonly ended: Record<'Completed' | 'Failed' | 'Cancelled', number> = { Completed: 0, Failed: 0, Cancelled: 0 }
  /** Time from the acceptance of an execution to its end. */
  readonly executionDuration = new Histogram(DURATION_BOUNDS_MS)
  /** Number of firings of cron schedules. */
  cronFirings = 0
  /** Number of tasks that ended, by status. */
  readonly tasks: Record<'Completed' | 'Failed' | 'Skipped' | 'Cancelled', number> = {
    Completed: 0,
    Failed: 0,
    Skipped: 0,
    Cancelled: 0,
  }
  /** Number of attempts that ended, by outcome. */
  readonly attempts: Record<AttemptRow['outcome'], number> = {
    completed: 0,
    failed: 0,
    timedOut: 0,
    lost: 0,
    cancelled: 0,
  }
  /** Number of failed attempts that are followed by a retry. */
  retries = 0
  /** Time that ready tasks waited for a slot before they started. */
  readonly queueWait = new Histogram(DURATION_BOUNDS_MS)
  /** Duration of attempts. */
  readonly taskDuration = new Histogram(DURATION_BOUNDS_MS)
}

/** Number of events of a source that this engine processed, by outcome. */
export class SourceCounters {
  accepted = 0
  /** Events for which the function returned None. */
  dropped = 0
  /** Events that were rejected because too many were waiting. */
  refused = 0
  /** Events for which the function raised an exception. */
  failed = 0
}

export class ReactorCounters {
  /** Number of firings, both by sources and manual. */
  firings = 0
  /** Number of times that a subscription was suspended because its predicate failed. */
  degraded = 0
}

export class GraphCounters {
  runs = 0
  failures = 0
}

export class EngineCounters {
  readonly triggers = new NamedCounters(() => new TriggerCounters())
  readonly workflows = new NamedCounters(() => new WorkflowCounters())
  readonly sources = new NamedCounters(() => new SourceCounters())
  readonly reactors = new NamedCounters(() => new ReactorCounters())
  readonly graphs = new NamedCounters(() => new GraphCounters())
  /** Number of warnings by code. */
  readonly warnings = new Map<string, number>()
  /** Number of failed internal operations that are retried. */
  troubles = 0
  /** Number of scripts that were moved to their own interpreter. */
  quarantines = 0

  warned(code: string): void {
    this.warnings.set(code, (this.warnings.get(code) ?? 0) + 1)
  }
}

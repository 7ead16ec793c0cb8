/** Counters of an engine since its start. Its two loops increment frequent ones, and `EngineEvents` the others. */

import type { AttemptRow } from '../model/execution.ts'
import type { TickOutcome } from '../model/schedule-rows.ts'
import { DURATION_BOUNDS_MS, Histogram } from './histogram.ts'
import { NamedCounters } from './named-counters.ts'

/** Counters of one trigger. */
export class TriggerCounters {
  /** Number of polls by outcome. */
  readonly polls: Record<TickOutcome, number> = {
    skipped: 0,
    fired: 0,
    duplicate: 0,
    limited: 0,
    refused: 0,
    failed: 0,
    timedOut: 0,
  }
  /** Number of firings of polls, by result. A poll may have several. */
  readonly firings: Record<'started' | 'duplicate', number> = { started: 0, duplicate: 0 }
  /** Number of firings by hand, by outcome. */
  readonly byHand: Record<'fired' | 'duplicate' | 'limited', number> = { fired: 0, duplicate: 0, limited: 0 }
  /** Delay between the due time of a poll and the poll. */
  readonly lateness = new Histogram(DURATION_BOUNDS_MS)
  /** Duration of polls. */
  readonly duration = new Histogram(DURATION_BOUNDS_MS)

  /** Counts one poll. Fast, because it runs thousands of times per second: see `npm run bench -- metrics`. */
  polled(outcome: TickOutcome, latenessMs: number | null, durationMs: number | null): void {
    this.polls[outcome] += 1
    if (latenessMs !== null) this.lateness.observe(latenessMs)
    if (durationMs !== null) this.duration.observe(durationMs)
  }
}

/** Counters of one workflow. */
export class WorkflowCounters {
  /** Number of executions that this engine started. */
  started = 0
  /** Number of executions that ended in this engine, by status. */
  readonly ended: Record<'Completed' | 'Failed' | 'Cancelled', number> = { Completed: 0, Failed: 0, Cancelled: 0 }
  /** Time from the acceptance of an execution to its end. */
  readonly executionDuration = new Histogram(DURATION_BOUNDS_MS)
  /** Number of runs that cron schedules started. */
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
  /** Number of failed attempts that are followed by another attempt. */
  retries = 0
  /** Time that ready tasks wait for a slot. */
  readonly queueWait = new Histogram(DURATION_BOUNDS_MS)
  /** Duration of attempts. */
  readonly taskDuration = new Histogram(DURATION_BOUNDS_MS)
}

/** Counters of one source, for the events that this engine accepted or processed. */
export class SourceCounters {
  /** Number of accepted events. */
  accepted = 0
  /** Number of events for which the function returned None. */
  dropped = 0
  /** Number of events that were rejected because the queue was full. */
  refused = 0
  /** Number of events for which the function failed. */
  failed = 0
}

/** Counters of one reactor. */
export class ReactorCounters {
  /** Number of firings, including firings by hand. */
  firings = 0
  /** Number of times that a subscription stopped because its predicate failed repeatedly. */
  degraded = 0
}

/** Counters of one graph. */
export class GraphCounters {
  /** Number of runs. */
  runs = 0
  /** Number of failed runs. */
  failures = 0
}

/** Counters of an engine since it was opened. */
export class EngineCounters {
  readonly triggers = new NamedCounters(() => new TriggerCounters())
  readonly workflows = new NamedCounters(() => new WorkflowCounters())
  readonly sources = new NamedCounters(() => new SourceCounters())
  readonly reactors = new NamedCounters(() => new ReactorCounters())
  readonly graphs = new NamedCounters(() => new GraphCounters())
  /** Number of signals that this engine received, by outcome. `repeated`: their ids were known. */
  readonly signals: Record<'used' | 'kept' | 'repeated', number> = { used: 0, kept: 0, repeated: 0 }
  /** Number of warnings by code. */
  readonly warnings = new Map<string, number>()
  /** Number of failed steps of the engine, such as writes that the database rejected. */
  troubles = 0
  /** Number of scripts that were moved to an interpreter of their own. */
  quarantines = 0

  warned(code: string): void {
    this.warnings.set(code, (this.warnings.get(code) ?? 0) + 1)
  }
}

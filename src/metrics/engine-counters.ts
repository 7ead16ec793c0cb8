/** What an engine counts since it was made. The two loops add where they record; `EngineEvents` adds what is rare. */

import type { AttemptRow } from '../model/execution.ts'
import type { TickOutcome } from '../model/schedule.ts'
import { DURATION_BOUNDS_MS, Histogram } from './histogram.ts'
import { NamedCounters } from './named-counters.ts'

export class TriggerCounters {
  /** By what they came to. */
  readonly polls: Record<TickOutcome, number> = {
    skipped: 0,
    fired: 0,
    duplicate: 0,
    limited: 0,
    failed: 0,
    timedOut: 0,
  }
  /** What was fired by hand, by what it came to: nothing was polled for it. */
  readonly byHand: Record<'fired' | 'duplicate' | 'limited', number> = { fired: 0, duplicate: 0, limited: 0 }
  /** From when a poll was due to when it was asked. */
  readonly lateness = new Histogram(DURATION_BOUNDS_MS)
  /** From when a poll was asked to its answer. */
  readonly duration = new Histogram(DURATION_BOUNDS_MS)

  /** There may be thousands a second: see `npm run bench -- metrics`. */
  polled(outcome: TickOutcome, latenessMs: number | null, durationMs: number | null): void {
    this.polls[outcome] += 1
    if (latenessMs !== null) this.lateness.observe(latenessMs)
    if (durationMs !== null) this.duration.observe(durationMs)
  }
}

export class WorkflowCounters {
  /** Executions that this engine began. */
  started = 0
  /** Executions that ended here. */
  readonly ended: Record<'Completed' | 'Failed' | 'Cancelled', number> = { Completed: 0, Failed: 0, Cancelled: 0 }
  /** From when an execution was accepted to its end. */
  readonly executionDuration = new Histogram(DURATION_BOUNDS_MS)
  cronFirings = 0
  /** Tasks that ended. */
  readonly tasks: Record<'Completed' | 'Failed' | 'Skipped' | 'Cancelled', number> = {
    Completed: 0,
    Failed: 0,
    Skipped: 0,
    Cancelled: 0,
  }
  /** Attempts that ended. */
  readonly attempts: Record<AttemptRow['outcome'], number> = {
    completed: 0,
    failed: 0,
    timedOut: 0,
    lost: 0,
    cancelled: 0,
  }
  /** Attempts that failed and are followed by another. */
  retries = 0
  /** From when a task could begin to when it began: how long it waited for a slot. */
  readonly queueWait = new Histogram(DURATION_BOUNDS_MS)
  /** Of attempts. */
  readonly taskDuration = new Histogram(DURATION_BOUNDS_MS)
}

/** Of the events of a source, as this engine took part in them. */
export class SourceCounters {
  accepted = 0
  /** The function returned None. */
  dropped = 0
  /** Too many waited. */
  refused = 0
  /** The function raised. */
  failed = 0
}

export class ReactorCounters {
  /** By its sources, and by hand. */
  firings = 0
  /** Times that a subscription to it was given up since its predicate failed. */
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
  /** By code. */
  readonly warnings = new Map<string, number>()
  /** Steps that failed and are tried again. */
  troubles = 0
  /** Scripts that got an interpreter of their own. */
  quarantines = 0

  warned(code: string): void {
    this.warnings.set(code, (this.warnings.get(code) ?? 0) + 1)
  }
}

/** All measurements of a runner: counters since it was opened, and current values. */

import type { EngineCounters } from './engine-counters.ts'
import type { StoreCounters } from './store-counters.ts'

/** Current values of an engine. */
export interface EngineGauges {
  /** Number of executions in progress. */
  readonly activeExecutions: number
  /** Number of task attempts in progress. */
  readonly activeAttempts: number
  /** Number of ready tasks that wait for a slot. */
  readonly waitingTasks: number
  /** Maximum number of tasks that run at the same time (`max_concurrent_tasks`). */
  readonly slots: number
  /** Number of free slots. A task that waits for something frees its slot while it waits. */
  readonly freeSlots: number
  /** Number of polled triggers that the code declares. `polled`: those that this process polls. */
  readonly triggers: { readonly enabled: number; readonly disabled: number; readonly polled: number }
  /** Number of polls in progress. */
  readonly activePolls: number
  /** Number of waiting events by source, for the sources whose events this process accumulates. */
  readonly waitingEvents: ReadonlyMap<string, number>
  /** Time since the oldest unfinished poll of this process was due. */
  readonly oldestDueMs: number
}

/**
 * Reason why an interpreter was replaced. `died`: its process ended. `ceiling`: it came near a limit.
 * `idle`: it had no script for some time.
 */
export type RestartCause = 'died' | 'ceiling' | 'idle'

export interface InterpreterMeasurement {
  /** `1`, `2`, …, or `quarantine-1`, … for a script with its own interpreter. */
  readonly name: string
  /** `pyodide`, or the name or path of the system's CPython. */
  readonly python: string
  /** `starting`: serves no script yet, or is ready as a standby. */
  readonly state: 'starting' | 'live'
  /** Resident memory of its process, at most one second old; null until the first report. */
  readonly residentBytes: number | null
}

export interface HostMeasurements {
  readonly restarts: Readonly<Record<RestartCause, number>>
  readonly interpreters: readonly InterpreterMeasurement[]
}

export interface Measurements {
  readonly engine: EngineCounters
  readonly store: StoreCounters
  readonly now: EngineGauges
  /** Null before anything was loaded. */
  readonly host: HostMeasurements | null
}

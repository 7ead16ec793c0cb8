/** All measurements of a runner: counters since it was opened, and current values. */

import type { LimitRow } from '../model/limits/limits.ts'
import type { WaitKind } from '../model/waits.ts'
import type { EngineCounters } from './engine-counters.ts'
import type { StoreCounters } from './store-counters.ts'

/** Current state of an engine. */
export interface EngineGauges {
  /** Number of executions that the engine runs. */
  readonly activeExecutions: number
  /** Number of running attempts. */
  readonly activeAttempts: number
  /** Number of ready tasks that wait for a slot. */
  readonly waitingTasks: number
  /** Number of slots (`maxConcurrentTasks`). */
  readonly slots: number
  /** Number of free slots. A deferred task does not use a slot. */
  readonly freeSlots: number
  /** Number of polled triggers that the code declares. `polled`: triggers that this engine polls. */
  readonly triggers: { readonly enabled: number; readonly disabled: number; readonly polled: number }
  /** Number of running polls. */
  readonly activePolls: number
  /** Number of queued events by source, for the sources that this engine processes. */
  readonly waitingEvents: ReadonlyMap<string, number>
  /** Number of open waits of the database by kind, a few seconds ago. Kinds without an open wait may be missing. */
  readonly openWaits: ReadonlyMap<WaitKind, number>
  /** Number of open approvals of the database, a few seconds ago. */
  readonly openApprovals: number
  /** Limits of the database with their slots in use, a few seconds ago. */
  readonly limits: readonly LimitRow[]
  /** Age of the oldest due poll that has not ended, in milliseconds. */
  readonly oldestDueMs: number
  /** Longest delay of the polls that are due or running, in milliseconds. 0 if all were started in time. */
  readonly latestPollMs: number
}

/**
 * Reason for the restart of an interpreter. `died`: its process ended. `ceiling`: it approached a limit, such as that
 * of its memory. `idle`: it ran no scripts for a while.
 */
export type RestartCause = 'died' | 'ceiling' | 'idle'

/** State of one interpreter. */
export interface InterpreterMeasurement {
  /** Name such as `1`, or `quarantine-1` for the interpreter of a quarantined script. */
  readonly name: string
  /** `pyodide`, or the name or path of the system's CPython. */
  readonly python: string
  /** `starting`: the interpreter does not run scripts yet, or is a spare. `live`: the interpreter runs scripts. */
  readonly state: 'starting' | 'live'
  /** Memory of its process in bytes, measured within the last second. Null if it is unknown. */
  readonly residentBytes: number | null
}

/** State of the interpreters. */
export interface HostMeasurements {
  /** Number of restarts by reason. */
  readonly restarts: Readonly<Record<RestartCause, number>>
  readonly interpreters: readonly InterpreterMeasurement[]
}

/** Result of `runner.measure()`. */
export interface Measurements {
  /** Counters since the runner was opened. */
  readonly engine: EngineCounters
  readonly store: StoreCounters
  /** Current state. */
  readonly now: EngineGauges
  /** State of the interpreters. Null before the first script is loaded. */
  readonly host: HostMeasurements | null
}

/** Everything that a runner can say of itself in numbers: counters since it was opened, and how it is now. */

import type { EngineCounters } from './engine-counters.ts'
import type { StoreCounters } from './store-counters.ts'

/** What an engine holds now. */
export interface EngineGauges {
  /** Executions that it runs. */
  readonly activeExecutions: number
  /** Attempts of tasks that are out. */
  readonly activeAttempts: number
  /** Tasks that could begin, and wait for a slot. */
  readonly waitingTasks: number
  /** `max_concurrent_tasks`. */
  readonly slots: number
  /** Slots that no task has. Those of tasks that wait for something else are free meanwhile. */
  readonly freeSlots: number
  /** Of the polled triggers that the code declares. `polled`: here, and not by another process. */
  readonly triggers: { readonly enabled: number; readonly disabled: number; readonly polled: number }
  /** Polls that are out. */
  readonly activePolls: number
  /** Events that wait, of the sources whose events are accumulated here. */
  readonly waitingEvents: ReadonlyMap<string, number>
  /** How long the poll has been due that has been due for longest and has not ended, of the triggers that are polled here. */
  readonly oldestDueMs: number
}

/** Why one was started again. `died`: it did, or was killed. `ceiling`: it came near one. `idle`: it had no script for a while. */
export type RestartCause = 'died' | 'ceiling' | 'idle'

export interface InterpreterMeasurement {
  /** `1`, `2`, …; `quarantine-1`, … for those of scripts that live alone. */
  readonly name: string
  /** `pyodide`, or the name or path of a Python of the machine. */
  readonly python: string
  /** `starting`: nothing is served by it yet. One that is ready stands by. */
  readonly state: 'starting' | 'live'
  /** Of its process, as it said within the last second; null while it has not. */
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

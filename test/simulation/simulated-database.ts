/** The database of a simulation, as the harness uses it: it opens stores for processes, and reads committed. */

import type { Store } from '../../src/engine/ports.ts'
import type { SimulatedProcess } from './simulated-process.ts'

/** Rows that should not be there at rest, by kind. */
export interface Leftovers {
  readonly subscriptions: readonly {
    readonly id: string
    readonly reactor: string
    readonly predicate: string | null
    readonly enabled: number
    readonly is_degraded: number
    readonly done_sequence: number
  }[]
  /** Ids in `instances`. */
  readonly instances: readonly string[]
  readonly ownedExecutions: number
  readonly leases: number
  readonly unansweredActions: number
  /** Problems that the database itself finds. */
  readonly integrity: readonly string[]
}

export interface SimulatedDatabase {
  /** Opens a store of a process. */
  open(process: SimulatedProcess): Promise<Store>
  /** A process was killed: nothing of it reaches the database any more, and its transactions are rolled back. */
  abandon(process: SimulatedProcess): void
  /** Hands the changes that were committed since the last call to the model. `isAfterCommit`: a store has just committed. */
  look(isAfterCommit?: boolean): void | Promise<void>
  leftovers(): Promise<Leftovers>
  leftoversAfterStop(): Promise<Leftovers>
  /** The file is moved away or replaced by a copy. SQLite only. */
  disturb(kind: 'moveDatabase' | 'replaceDatabase', forMs: number): void
  /** PostgreSQL only. */
  disturbConnection(kind: 'cutConnection' | 'loseAnswer', process: string): void
  /** Settles when a server has answered everything; null when nothing is asked of it. */
  untilAnswered(): Promise<void> | null
  close(): Promise<void>
}

/** Rows that contradict each other. */
export const PROBLEMS = `
SELECT 'execution ' || id || ' is under way and has ended' AS problem FROM active_executions JOIN executions USING (id)
UNION ALL
SELECT 'firing ' || id || ' is active and has ended' FROM active_firings JOIN firings USING (id)
UNION ALL
SELECT 'task runs of execution ' || execution_seq || ' are left' FROM task_runs
WHERE NOT EXISTS (SELECT 1 FROM active_executions a WHERE a.execution_seq = task_runs.execution_seq)
  AND NOT EXISTS (SELECT 1 FROM executions WHERE seq = task_runs.execution_seq)
UNION ALL
SELECT 'execution ' || id || ' has no input' FROM active_executions a
WHERE NOT EXISTS (SELECT 1 FROM execution_inputs i WHERE i.execution_seq = a.execution_seq)`

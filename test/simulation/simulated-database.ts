/** Database of a simulation. It opens stores for processes, and reads committed changes. */

import type { Store } from '../../src/engine/store.ts'
import type { SimulatedProcess } from './simulated-process.ts'

/** Rows that are left in the database at rest. Most kinds of rows must not be left. */
export interface Leftovers {
  readonly subscriptions: readonly {
    readonly id: string
    readonly reactor: string
    readonly predicate: string | null
    readonly enabled: number
    readonly is_degraded: number
    readonly done_sequence: number
  }[]
  /** Ids of registered engines. */
  readonly instances: readonly string[]
  readonly ownedExecutions: number
  readonly leases: number
  readonly unansweredActions: number
  /** Contradictions between rows, and problems that the database itself finds. */
  readonly integrity: readonly string[]
}

export interface SimulatedDatabase {
  /** Opens a store for a process. */
  open(process: SimulatedProcess): Promise<Store>
  /** Rolls back the transactions of a killed process, and ignores its later statements. */
  abandon(process: SimulatedProcess): void
  /** Passes the changes committed since the last call to the model. `isAfterCommit`: a store has just committed. */
  look(isAfterCommit?: boolean): void | Promise<void>
  leftovers(): Promise<Leftovers>
  leftoversAfterStop(): Promise<Leftovers>
  /** Moves the file away, or replaces it by a copy. Only for SQLite. */
  disturb(kind: 'moveDatabase' | 'replaceDatabase' | 'restoreDatabase', forMs: number): void
  /** Makes the copy for `restoreDatabase`. Only for SQLite. */
  copy(): void
  /** Returns the number of open executions of a restored database. Null without a restore; infinity until opened. */
  countRestored(): number | null
  /** Cuts connections, or drops the result of a statement. Only for PostgreSQL. */
  disturbConnection(kind: 'cutConnection' | 'loseAnswer', process: string): void
  /** Returns a promise that resolves when a server has returned all results; null if it has nothing to do. */
  untilAnswered(): Promise<void> | null
  close(): Promise<void>
}

/** Query for rows that contradict each other. */
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

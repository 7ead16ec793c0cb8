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

/** Contract between the store and its database: how steps are carried out, and what differs besides statements. */

import type { Clock } from '../engine/clock-port.ts'
import type { StoreChange } from '../engine/store.ts'
import type { Acquisition } from '../engine/store-ports.ts'
import type { StoreCounters } from '../metrics/store-counters.ts'
import type { Retention } from '../model/retention-limits.ts'
import type { ProcessIdentity } from './process-identity.ts'
import type { FindUnowned, OrderPlace } from './steps/executions/acquisition.ts'
import type { PrunedTables } from './steps/history/retention-steps.ts'
import type { RunStep, Session, Step, StepNeed } from './store-session.ts'

export interface StoreOptions {
  /** `full`: accepted work and results survive a power cut. `normal`: it may lose the last second, without damage. */
  readonly durability: 'full' | 'normal'
  readonly clock: Clock
  /** Process that other processes see as the owner of this store's engines. This process by default. */
  readonly process?: ProcessIdentity
  /** Makes a UUID for a row. Random by default. */
  readonly newId?: () => string
  /** Whether a process of this host exists. Signal 0 by default. */
  readonly isProcessAlive?: (pid: number) => boolean
  /** Refuses steps that write, and creates no tables. Ignored in memory. */
  readonly readOnly?: boolean
  readonly notice?: (message: string) => void
}

/** Steps of one kind. PostgreSQL carries out as one step those that are queued one after the other. */
export interface StepGroup<Item, Result> {
  /** Whether the step shares its transaction with no other steps. See `StepTrait`. */
  readonly isAlone?: boolean
  /** Whether SQLite also carries out the items of one tick of the event loop as one step, a `write`. */
  readonly isCollected?: boolean
  /** Whether the step waits for a server that is away, as reports do. */
  readonly isReport?: boolean
  /** Items with the same key are not in one step. Undefined: any items may be. */
  readonly key?: (item: Item) => string
  run(session: Session, items: readonly Item[]): Step<readonly (Result | Error)[]>
}

export function* runOne<Item, Result>(session: Session, group: StepGroup<Item, Result>, item: Item): Step<Result> {
  const [result] = yield* group.run(session, [item])
  if (result instanceof Error) throw result
  return result as Result
}

export interface Database {
  readonly counters: StoreCounters
  /** Ids of the engines that were opened through the store. The store adds and deletes them. */
  readonly instances: Set<string>
  readonly isReadOnly: boolean
  readonly isBlocking: boolean
  readonly prunedTables: PrunedTables
  readonly run: RunStep
  /** Queues a step that stores results. On PostgreSQL it waits for a server that is away. */
  readonly report: RunStep
  group<Item, Result>(need: StepNeed, group: StepGroup<Item, Result>, item: Item): Promise<Result>
  searchUnowned(acquisition: Acquisition): FindUnowned
  /** Must be called after the commit of a search. See `Acquired`. */
  acquired(acquisition: Acquisition, last: OrderPlace | null): void
  /** Warns if the clock of the database differs much from that of the engine. See `Liveness.register`. */
  warnOfSkew(skewMs: number): void
  /** Drops partitions whose rows are all older than their retention. Returns the approximate number of their rows. */
  dropPartitions(retention: Partial<Retention>, at: number): Promise<number>
  onForeignChange(callback: () => void): () => void
  onDatabaseChange(callback: (change: StoreChange) => void): () => void
  /**
   * Registers the step that enters the open engines in the database after it was opened again. `isOther`: it is another
   * database, such as a copy.
   */
  whenReplaced(step: (session: Session, at: number, isOther: boolean) => Step<void>): void
  /** Refuses further steps after those that `writeLast` queues, and releases the database when all are carried out. */
  close(writeLast: () => readonly Promise<void>[]): Promise<void>
}

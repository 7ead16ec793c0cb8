/** Contract between the store and its database: how steps are carried out, and what differs besides statements. */

import type { Acquisition, Retention, StoreChange } from '../engine/ports.ts'
import type { StoreCounters } from '../metrics/store-counters.ts'
import type { AcquiredExecution } from '../model/execution.ts'
import type { RunStep, Session, Step, StepNeed } from './session.ts'
import type { FindUnowned } from './steps/executions/acquisition.ts'
import type { PrunedTables } from './steps/history/retention.ts'
import type { Liveness } from './steps/liveness.ts'

/** Steps of one kind. PostgreSQL carries out as one step those that are queued one after the other. */
export interface StepGroup<Item, Result> {
  /** Whether the step shares its transaction with no other steps. See `StepTrait`. */
  readonly isAlone?: boolean
  /** Whether the step waits for a server that is away, as reports do. */
  readonly isReport?: boolean
  /** Items with the same key are not in one step. Undefined: any items may be. */
  readonly key?: (item: Item) => string
  /** Returns the result or the error of each item. */
  run(session: Session, items: readonly Item[]): Step<readonly (Result | Error)[]>
}

/** Runs a group with one item. */
export function* runOne<Item, Result>(session: Session, group: StepGroup<Item, Result>, item: Item): Step<Result> {
  const [result] = yield* group.run(session, [item])
  if (result instanceof Error) throw result
  return result as Result
}

export interface Database {
  readonly counters: StoreCounters
  readonly liveness: Liveness
  /** Ids of the engines that were opened through the store. The store adds and deletes them. */
  readonly instances: Set<string>
  /** Whether steps that write are refused. */
  readonly isReadOnly: boolean
  /** Whether a step blocks the event loop. */
  readonly isBlocking: boolean
  readonly prunedTables: PrunedTables
  readonly run: RunStep
  /** Queues a step that stores results of finished work. On PostgreSQL it waits for a server that is away. */
  readonly report: RunStep
  group<Item, Result>(need: StepNeed, group: StepGroup<Item, Result>, item: Item): Promise<Result>
  /** Returns the search for executions without a living owner. */
  searchUnowned(acquisition: Acquisition): FindUnowned
  /** Must be called after the commit of a search with the executions that were acquired. */
  acquired(acquisition: Acquisition, taken: readonly AcquiredExecution[]): void
  /** Warns if the clock of the database differs from that of the engine. */
  compareClocks(at: number): Promise<void>
  /** Drops partitions whose rows are all older than their retention. Returns the approximate number of their rows. */
  dropPartitions(retention: Retention, at: number): Promise<number>
  onForeignChange(callback: () => void): () => void
  onDatabaseChange(callback: (change: StoreChange) => void): () => void
  /** Registers the step that enters the open engines in another database that was opened in place of this one. */
  whenReplaced(step: (session: Session, at: number) => Step<void>): void
  /** Refuses further steps after those that `writeLast` queues, and releases the database when all are carried out. */
  close(writeLast: () => readonly Promise<void>[]): Promise<void>
}

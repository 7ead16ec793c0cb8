/**
 * Port of the store for limits; the rules of `store.ts` apply. Slots are taken and given back by `settle` (attempts)
 * and by the methods that create executions (limits of workflows). A slot of an attempt is derived from its row and the
 * lease of its engine: it is free when the attempt has ended, or when the lease has ended.
 *
 * Times of limits are those of the database: the clock of the server, or for SQLite the monotonic clock of the machine.
 */

import type { NewAction } from '../../model/action.ts'
import type { LimitDefinition, LimitKey, LimitOverrides, LimitRow, LimitValueRow } from '../../model/limits/limits.ts'
import type { NodeWait } from '../../model/waits.ts'

export interface LimitStore {
  /**
   * Announces the limits of the code that an instance has loaded, with those of its workflows. They replace the
   * announced ones of the instance, and are the newest code of each limit. Heartbeats repeat it as in `announce`.
   * Returns the ids of executions that can begin or continue by it.
   */
  declare(instanceId: string, limits: readonly LimitDefinition[], at: number): Promise<readonly string[]>
  /** By name. */
  list(): Promise<readonly LimitRow[]>
  /** Returns null if the limit was never declared, set or closed. */
  get(name: string): Promise<LimitRow | null>
  /** Returns values with slots in use, with waiting tasks or executions, or that are closed, by value. */
  listValues(name: string, page: { readonly limit: number; readonly offset: number }): Promise<readonly LimitValueRow[]>
  /**
   * Adds values to those that a person set before, and replaces the same ones; null resets all. Returns null if the
   * limit does not exist.
   */
  set(name: string, overrides: LimitOverrides | null, at: number, action?: NewAction): Promise<readonly string[] | null>
  /** `value`: null for all values. `forMs`: null until it is opened. Returns false if the limit does not exist. */
  close(
    which: { readonly name: string; readonly value: string | null },
    forMs: number | null,
    at: number,
    action?: NewAction,
  ): Promise<boolean>
  /** Returns the ids of executions that can begin or continue, or null if the limit does not exist. */
  open(
    which: { readonly name: string; readonly value: string | null },
    at: number,
    action?: NewAction,
  ): Promise<readonly string[] | null>
  /**
   * Ends waits for slots that became free by time: windows, closings and leases that ended, and slots that were offered
   * to an execution which did not take them within some seconds.
   */
  release(at: number): Promise<TimedRelease>
}

export interface TimedRelease {
  /** Ids of executions that an engine may acquire now. Executions with an owner read their ended waits. */
  readonly available: readonly string[]
  /** Time after which the next slot may become free, at most 1,000. Null if nothing waits for a slot. */
  readonly nextInMs: number | null
}

/** How a change of a task uses limits. */
export type SlotUse =
  /**
   * The attempt begins only if each limit has a free slot and no earlier task in the same line. Otherwise the step
   * stores a wait instead of the change: see `LimitedTask`. The order is ascending.
   */
  | { readonly kind: 'take'; readonly limits: readonly LimitKey[]; readonly order: LineOrder }
  /** The attempt has ended. `close`: closes the slots of a limit for a time. */
  | { readonly kind: 'give'; readonly close?: { readonly key: LimitKey; readonly forMs: number } }

/** Place of a task in the line for a limit: the lowest rank first, then the lowest age. */
export interface LineOrder {
  /** −2 × priority, and one less if the execution has begun: see `executionRank`. */
  readonly rank: number
  /** Creation of the execution, in milliseconds since 1970. */
  readonly createdAt: number
}

/** Task whose attempt did not begin, because a limit has no free slot. Its wait is stored instead. */
export interface LimitedTask {
  readonly taskId: string
  readonly wait: Extract<NodeWait, { readonly kind: 'limit' }>
}

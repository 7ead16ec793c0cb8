/**
 * Part of the store for sources, reactors, graphs and subscriptions; see `../store.ts`.
 *
 * Three marks prevent loss and repetition. Each moves in the transaction that stores the effects up to the mark:
 *   source        `doneSequence`: its events up to here have changed the reactors
 *   graph         `doneSequence`: it may have been run with the firings up to here, so that none is run twice
 *   subscription  `doneSequence`: the firings up to here have their execution, or are passed over
 */

import type { NewAction } from '../../model/action.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { GraphDefinition, ReactorDefinition, SourceDefinition } from '../../model/graphs/definitions.ts'
import type {
  GraphRow,
  GraphRun,
  ReactorFiring,
  ReactorRow,
  SourceEvent,
  SourceRow,
  Subscription,
  ValueText,
} from '../../model/graphs/graph-model-rows.ts'
import type { NewEvent, NewValue, StreamPosition } from '../../model/graphs/stream-events.ts'
import type { NewExecution } from '../starts/new-executions.ts'
import type { ActionFactory, PageAfter } from '../store-ports.ts'

export interface DeclaredGraphs {
  readonly sources: readonly SourceDefinition[]
  readonly reactors: readonly ReactorDefinition[]
  readonly graphs: readonly GraphDefinition[]
}

/** Right to accumulate the events of a source. Each new owner increases `number`. */
export interface SourceLease {
  readonly source: string
  readonly number: number
  readonly doneSequence: number
  readonly lastSequence: number
}

/** Poll of a polling accumulator. Consecutive skips share one record. Times are in milliseconds since 1970. */
export interface SourcePoll {
  readonly outcome: 'emitted' | 'skipped' | 'failed' | 'timedOut'
  readonly firstAt: number
  readonly lastAt: number
  /** Number of polls that share the record. */
  readonly count: number
  readonly latenessMs: number | null
  readonly durationMs: number
  /** Sequence number of the event that the poll returned, or null. */
  readonly sequence: number | null
  readonly error: PythonFault | null
}

/** Stored result of a poll of a polling accumulator. */
export type SourcePollRow = SourcePoll & { readonly id: string }

export interface NewEvents {
  readonly source: string
  readonly events: readonly NewEvent[]
  /** Maximum number of queued events. Further events are not accepted. */
  readonly maxWaiting: number
  /** Poll that returned the one event. */
  readonly poll?: Omit<SourcePoll, 'sequence' | 'count' | 'error'>
  readonly at: number
}

export type AcceptedEvents =
  /**
   * `accepted`: number of events that are stored now, from `firstSequence` on. `repeated`: indices of events whose
   * positions were stored before. Together, they are the first of the given events; there is no room for the rest.
   */
  | {
      readonly kind: 'accepted'
      readonly accepted: number
      readonly repeated: readonly number[]
      readonly firstSequence: number
      readonly waiting: number
    }
  | { readonly kind: 'unknown' }

/** Results of the queued events of a source up to `upToSequence`, in order. */
export interface Delivery {
  readonly source: string
  readonly instanceId: string
  readonly lease: number
  readonly upToSequence: number
  readonly values: readonly NewValue[]
  readonly dropped: number
  readonly failures: readonly { readonly sequence: number; readonly error: PythonFault }[]
  /** Capacity of a state accumulator; see `Accumulation`. Null: values are delivered as they are. */
  readonly capacity: number | null
  /** Graphs that can be run here, with the reactors that they are bound to. */
  readonly graphs: readonly { readonly graph: string; readonly reactor: string }[]
  readonly at: number
}

export type DeliveryResult =
  /** Another engine has the source, or the mark is not before these events: nothing is stored. */
  | { readonly kind: 'lost' }
  | {
      readonly kind: 'delivered'
      /** In the order of creation. */
      readonly firings: readonly ReactorFiring[]
      /** Given graphs whose mark was at the previous firing. Their marks moved, and the caller runs these firings. */
      readonly run: readonly string[]
    }

export interface GraphClaim {
  readonly graph: string
  readonly firings: readonly ReactorFiring[]
}

/** Results of runs of a graph since the last report. */
export interface GraphRuns {
  readonly graph: string
  readonly runs: number
  readonly failures: number
  readonly lastRun: GraphRun | null
  readonly error: { readonly error: PythonFault; readonly at: number } | null
}

export interface FiringByHand {
  readonly reactor: string
  /** JSON object with values that replace the newest ones, or null. */
  readonly payloadText: ValueText | null
  readonly by: string
  readonly at: number
}

/** Names of a subscription, which are unique together. */
export interface SubscriptionNames {
  readonly reactor: string
  readonly workflow: string
  readonly tenant: string
}

export interface SubscriptionFilter {
  readonly tenant?: string
  readonly reactor?: string
  readonly enabledOnly: boolean
}

export interface NewSubscription extends SubscriptionNames {
  readonly id: string
  readonly predicate: string | null
  readonly at: number
}

/** A subscription with the next firings for it, oldest first. */
export interface PendingSubscription {
  readonly subscription: Subscription
  readonly firings: readonly ReactorFiring[]
}

export interface SubscriptionStep {
  readonly id: string
  /** Mark that the caller read. If it has moved, nothing is stored. */
  readonly seenSequence: number
  readonly doneSequence: number
  readonly lastSeenFiredAt: number | null
  readonly executions: readonly {
    readonly firing: Pick<ReactorFiring, 'id' | 'sequence' | 'reactor'>
    readonly execution: NewExecution
  }[]
  /** Error of its predicate, or null if there is none any more. */
  readonly error: {
    readonly count: number
    readonly message: string
    readonly at: number
    readonly firingId: string
  } | null
  /** Unchanged if missing. */
  readonly isDegraded?: boolean
  readonly at: number
}

/** Execution that a firing started. */
export interface FiringExecution {
  readonly subscriptionId: string
  readonly workflow: string
  readonly executionId: string
}

/** Firing of a reactor with the executions that it started. */
export interface FiringDetail {
  readonly firing: ReactorFiring
  readonly executions: readonly FiringExecution[]
}

export interface GraphStore {
  /**
   * Replaces the declarations of an instance, and inserts or refreshes a row for each name, also for sources that only
   * reactors name. Marks names that no living instance declares, with the time. A reactor whose sources have changed
   * keeps the values of the sources that remain. A new graph begins with the next firing.
   */
  declare(instanceId: string, declared: DeclaredGraphs, at: number): Promise<void>
  /** Takes leases of sources that no living instance has. Returns those of the names that it holds. */
  leaseSources(instanceId: string, names: readonly string[]): Promise<readonly SourceLease[]>
  releaseSources(instanceId: string, names: readonly string[]): Promise<void>
  /** Stores events of one source in the given order; see `AcceptedEvents`. They survive a power cut. */
  accept(events: NewEvents): Promise<AcceptedEvents>
  /** Counts events that were refused because too many wait. Ignored for an unknown source. */
  refuse(source: string, events: number): Promise<void>
  positions(source: string): Promise<readonly StreamPosition[]>
  /** Returns events after a sequence, oldest first: up to `maxChars` of their texts, but at least one event. */
  eventsAfter(
    source: string,
    sequence: number,
    limits: { readonly events: number; readonly maxChars: number },
  ): Promise<readonly SourceEvent[]>
  /** Moves the mark of a source, and gives the values to all declared reactors that list it, one after the other. */
  deliver(delivery: Delivery): Promise<DeliveryResult>
  /** Stores polls without events. Ignored for an unknown source. */
  recordPolls(source: string, polls: readonly SourcePoll[]): Promise<void>
  /** Newest first. */
  listPolls(source: string, page: PageAfter): Promise<readonly SourcePollRow[]>
  /** Moves the marks of graphs over at most `limit` firings each, fewer if these are large, and returns the firings. */
  claimRuns(graphs: readonly string[], limit: number): Promise<readonly GraphClaim[]>
  recordRuns(runs: readonly GraphRuns[]): Promise<void>
  /** Fires a reactor by hand; its dirty marks stay. Null if it does not exist or lacks a source of the payload. */
  fire(firing: FiringByHand, action?: ActionFactory<ReactorFiring>): Promise<ReactorFiring | null>
  /** Returns the id. An existing subscription keeps id and mark, gets the predicate, and is not degraded any more. */
  subscribe(subscription: NewSubscription, action?: ActionFactory<string>): Promise<string>
  /** Returns false if it does not exist. The executions that it started stay. */
  unsubscribe(reactor: string, workflow: string, tenant: string, action?: NewAction): Promise<boolean>
  /** By reactor, workflow and tenant. */
  listSubscriptions(filter: SubscriptionFilter): Promise<readonly Subscription[]>
  getSubscription(id: string): Promise<Subscription | null>
  /** Returns false if it does not exist. */
  setSubscriptionEnabled(id: string, isEnabled: boolean, at: number, action?: NewAction): Promise<boolean>
  /** Sets the mark before a sequence. Returns the first retained one from there on, or null for an unknown id. */
  replay(id: string, fromSequence: number, at: number, action?: ActionFactory<number>): Promise<number | null>
  /** Returns enabled, not degraded subscriptions with at most `limit` next firings each, fewer if these are large. */
  pendingSubscriptions(workflows: readonly string[], limit: number): Promise<readonly PendingSubscription[]>
  /**
   * Returns the ids of executions that the limits of their workflows refused. Returns null, and stores nothing, if the
   * mark has moved, or the subscription is disabled or does not exist.
   */
  advance(step: SubscriptionStep): Promise<readonly string[] | null>
  listSources(): Promise<readonly SourceRow[]>
  getSource(name: string): Promise<SourceRow | null>
  /** Newest first. `after`: a sequence as text. */
  listEvents(source: string, page: PageAfter): Promise<readonly SourceEvent[]>
  listReactors(): Promise<readonly ReactorRow[]>
  getReactor(name: string): Promise<ReactorRow | null>
  /** Newest first. */
  listReactorFirings(reactor: string, page: PageAfter): Promise<readonly ReactorFiring[]>
  getFiring(id: string): Promise<FiringDetail | null>
  /** Returns the firings that an event of a source helped to cause, newest first. */
  firingsOf(source: string, sequence: number, limit: number): Promise<readonly ReactorFiring[]>
  listGraphs(): Promise<readonly GraphRow[]>
  getGraph(name: string): Promise<GraphRow | null>
}

/**
 * Values of the store's methods about sources, reactors, graphs and subscriptions.
 *
 * Three marks prevent that anything is lost or repeated. Each moves in the transaction that stores what it stands for:
 *   source        `doneSequence`: its events up to here have changed the reactors
 *   graph         `doneSequence`: it may have been run with the firings up to here, so that none is run twice
 *   subscription  `doneSequence`: the firings up to here have their execution, or are passed over
 */

import type { PythonFault } from '../../model/fault.ts'
import type { GraphDefinition, ReactorDefinition, SourceDefinition } from '../../model/graphs/definitions.ts'
import type { GraphRun, ReactorFiring, Subscription, ValueText } from '../../model/graphs/rows.ts'
import type { NewExecution } from '../store-ports.ts'

export interface DeclaredGraphs {
  readonly sources: readonly SourceDefinition[]
  readonly reactors: readonly ReactorDefinition[]
  readonly graphs: readonly GraphDefinition[]
}

/** The right to accumulate a source's events. Its number goes up each time that another takes it. */
export interface SourceLease {
  readonly source: string
  readonly number: number
  readonly doneSequence: number
  readonly lastSequence: number
}

/** Position of a message in a stream. */
export interface StreamPosition {
  /** Name of the partition. */
  readonly partition: string
  /** Offset, which increases within the partition. */
  readonly offset: number
}

export interface NewEvent {
  readonly eventText: ValueText
  readonly position?: StreamPosition
}

/**
 * Result of a poll of a polling accumulator. Consecutive skips share one record. Times are in milliseconds since 1970.
 */
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
  /** So many events may wait: what is beyond it is not accepted. */
  readonly maxWaiting: number
  /** The poll that brought the one event. */
  readonly poll?: Omit<SourcePoll, 'sequence' | 'count' | 'error'>
  readonly at: number
}

export type AcceptedEvents =
  /**
   * `accepted`: so many of the events given are stored now, with the sequences from `firstSequence` on. `repeated`: the places,
   * among those given, of events that were accepted before, by their positions. Both together are the first of those given:
   * when they are fewer than all, so many wait that the rest was not taken.
   */
  | {
      readonly kind: 'accepted'
      readonly accepted: number
      readonly repeated: readonly number[]
      readonly firstSequence: number
      readonly waiting: number
    }
  | { readonly kind: 'unknown' }

/** A value, with the sequences of the events that it was made of. */
export interface NewValue {
  readonly firstSequence: number
  readonly lastSequence: number
  /** For a state accumulator: what is appended. */
  readonly valueText: ValueText
}

/** What became of the waiting events of a source up to one, in their order. */
export interface Delivery {
  readonly source: string
  readonly instanceId: string
  readonly lease: number
  readonly upToSequence: number
  readonly values: readonly NewValue[]
  readonly dropped: number
  readonly failures: readonly { readonly sequence: number; readonly error: PythonFault }[]
  /** Of a state accumulator; see `Accumulation`. Null: values are delivered as they are. */
  readonly capacity: number | null
  /** Graphs that can be run here, with the reactors that they are bound to. */
  readonly graphs: readonly { readonly graph: string; readonly reactor: string }[]
  readonly at: number
}

export type DeliveryResult =
  /** Another instance has taken the source, or the mark is not before these events: nothing is stored. */
  | { readonly kind: 'lost' }
  | {
      readonly kind: 'delivered'
      /** In the order of their making. */
      readonly firings: readonly ReactorFiring[]
      /** Of the graphs given, those whose mark stood at the firing before: their marks are moved, and the caller runs them with these firings. */
      readonly run: readonly string[]
    }

export interface GraphClaim {
  readonly graph: string
  readonly firings: readonly ReactorFiring[]
}

/** What runs of a graph came to, since they were reported last. */
export interface GraphRuns {
  readonly graph: string
  readonly runs: number
  readonly failures: number
  readonly lastRun: GraphRun | null
  /** The newest failure. */
  readonly error: { readonly error: PythonFault; readonly at: number } | null
}

export interface NewSubscription {
  readonly id: string
  readonly reactor: string
  readonly workflow: string
  readonly tenant: string
  readonly predicate: string | null
  readonly at: number
}

/** A subscription with the next firings for it, oldest first. */
export interface PendingSubscription {
  readonly subscription: Subscription
  readonly firings: readonly ReactorFiring[]
}

/** How a subscription goes on. */
export interface SubscriptionStep {
  readonly id: string
  /** The mark that the caller saw. Another one: nothing is stored. */
  readonly seenSequence: number
  readonly doneSequence: number
  readonly lastSeenFiredAt: number | null
  readonly executions: readonly {
    readonly firing: Pick<ReactorFiring, 'id' | 'sequence' | 'reactor'>
    readonly execution: NewExecution
  }[]
  /** What its predicate came to for the firing behind the mark; null: there is no error, or no longer. */
  readonly error: {
    readonly count: number
    readonly message: string
    readonly at: number
    readonly firingId: string
  } | null
  /** Left as it is where this is missing. */
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

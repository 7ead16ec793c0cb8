/**
 * What the engine needs of a store for sources, reactors, graphs and subscriptions: the part `graphs` of the `Store`
 * port. What `ports.ts` says of all its methods holds here, too: each is one atomic step, whose promise settles after the commit.
 *
 * Three marks make nothing be lost or doubled. Each moves in the transaction that stores what it stands for:
 *   source        `doneSequence`: its events up to here have changed the reactors
 *   graph         `doneSequence`: it may have been run with the firings up to here, so that none is run twice
 *   subscription  `doneSequence`: the firings up to here have their execution, or are passed over
 */

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
} from '../../model/graphs/rows.ts'
import type { NewExecution, PageAfter } from '../store-ports.ts'

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

export interface GraphStore {
  // -- what is declared

  /**
   * What the code of an instance declares now, in place of what it declared before; inserts or refreshes a row per name. The
   * sources that only reactors name get a row, too. Names that no living instance declares any more are marked, with the
   * instant. A reactor that has other sources than before keeps the values of those that it still has. A new graph begins
   * with the next firing.
   */
  declare(instanceId: string, declared: DeclaredGraphs, at: number): Promise<void>
  /**
   * Takes those of these sources that no living instance has, and returns what the instance has of them, in the order of the
   * names. A lease is given back by `closeInstance`, and by `releaseSources`.
   */
  leaseSources(instanceId: string, names: readonly string[]): Promise<readonly SourceLease[]>
  releaseSources(instanceId: string, names: readonly string[]): Promise<void>

  // -- events

  /** Stores events of one source in the order given; see `AcceptedEvents`. Survives a power cut. */
  accept(events: NewEvents): Promise<AcceptedEvents>
  /** Counts events that were given up since too many waited. Dropped for an unknown source. */
  refuse(source: string, events: number): Promise<void>
  /** The stored position of each partition of a stream's source. */
  positions(source: string): Promise<readonly StreamPosition[]>
  /** Events behind a sequence, oldest first: as many as `maxChars` allows for their texts, but at least one. [] for an unknown source. */
  eventsAfter(
    source: string,
    sequence: number,
    limits: { readonly events: number; readonly maxChars: number },
  ): Promise<readonly SourceEvent[]>
  /**
   * Moves the mark of a source and gives the values to every declared reactor that lists it, one after the other, each as
   * `reactions.ts` says.
   */
  deliver(delivery: Delivery): Promise<DeliveryResult>
  /** Polls that brought no event. Dropped for an unknown source. */
  recordPolls(source: string, polls: readonly SourcePoll[]): Promise<void>
  /** Newest first. */
  listPolls(source: string, page: PageAfter): Promise<readonly SourcePollRow[]>

  // -- graphs

  /**
   * For each of these graphs whose mark is behind: moves it over at most `limit` firings, fewer where they are large, and returns
   * these. [] when none is behind.
   */
  claimRuns(graphs: readonly string[], limit: number): Promise<readonly GraphClaim[]>
  /** Adds to the counts of graphs. */
  recordRuns(runs: readonly GraphRuns[]): Promise<void>

  // -- reactors

  /**
   * Fires a reactor by hand, with its newest values, over which those of `payloadText`, a JSON object or null, are laid. Its
   * dirty marks stay. Null: there is no such reactor, or a key of the payload is none of its sources.
   */
  fire(reactor: string, payloadText: ValueText | null, by: string, at: number): Promise<ReactorFiring | null>

  // -- subscriptions

  /** A subscription of the same three names keeps its id and its mark; its predicate is replaced, and it is not degraded any more. Returns its id. */
  subscribe(subscription: NewSubscription): Promise<string>
  /** False: there is none. The executions that it started stay. */
  unsubscribe(reactor: string, workflow: string, tenant: string): Promise<boolean>
  /** By reactor, workflow and tenant. */
  listSubscriptions(filter: {
    readonly tenant?: string
    readonly reactor?: string
    readonly enabledOnly: boolean
  }): Promise<readonly Subscription[]>
  getSubscription(id: string): Promise<Subscription | null>
  /** False when there is none of this id. */
  setSubscriptionEnabled(id: string, isEnabled: boolean, at: number): Promise<boolean>
  /**
   * Sets the mark before a firing's sequence: it and those behind it are passed on once more, with executions of their own.
   * Returns from which retained one on; null when there is no such subscription.
   */
  replay(id: string, fromSequence: number, at: number): Promise<number | null>
  /**
   * Subscriptions of these workflows that are enabled and not degraded, with the firings behind their marks: at most `limit` each,
   * and fewer where they are large.
   */
  pendingSubscriptions(workflows: readonly string[], limit: number): Promise<readonly PendingSubscription[]>
  /** False: the mark is another one, or the subscription is gone or disabled; nothing is stored. Firings are started once for a subscription and a replay. */
  advance(step: SubscriptionStep): Promise<boolean>

  // -- reads

  listSources(): Promise<readonly SourceRow[]>
  getSource(name: string): Promise<SourceRow | null>
  /** Newest first. `after`: a sequence as text. */
  listEvents(source: string, page: PageAfter): Promise<readonly SourceEvent[]>
  listReactors(): Promise<readonly ReactorRow[]>
  getReactor(name: string): Promise<ReactorRow | null>
  /** Newest first. `after`: the id of one. */
  listReactorFirings(reactor: string, page: PageAfter): Promise<readonly ReactorFiring[]>
  /** Null for an unknown id. */
  getFiring(id: string): Promise<FiringDetail | null>
  /** Newest first: the firings that an event of a source is among the causes of. */
  firingsOf(source: string, sequence: number, limit: number): Promise<readonly ReactorFiring[]>
  listGraphs(): Promise<readonly GraphRow[]>
  getGraph(name: string): Promise<GraphRow | null>
}

/** Rows of sources, reactors, graphs and subscriptions in the store. See `definitions.ts`. */

import type { PythonFault } from '../fault.ts'
import type { Accumulation, GraphDefinition, ReactionMode } from './definitions.ts'

/** JSON value as exact text, which keeps the spelling of numbers. */
export type ValueText = string

/** State of a source. Times are in milliseconds since 1970. */
export interface SourceRow {
  readonly name: string
  /** Options of its accumulator. Null if only reactors name the source. */
  readonly accumulation: Accumulation | null
  readonly description: string
  /** Sequence number of the last accepted event. 0 if there is none. */
  readonly lastSequence: number
  /** Sequence number of the last event that was processed and delivered. */
  readonly doneSequence: number
  /** Number of accepted events that are not yet processed. */
  readonly waiting: number
  /** Number of events for which the function returned None. */
  readonly dropped: number
  /** Number of events that were rejected because the queue was full. */
  readonly refused: number
  /** Number of events that were skipped because the function failed. */
  readonly failed: number
  readonly lastEventAt: number | null
  /** Value that was delivered last. */
  readonly lastValueText: ValueText | null
  readonly lastValueAt: number | null
  readonly lastError: PythonFault | null
  readonly lastErrorAt: number | null
  /** Id of the engine that processes the events, or null. */
  readonly owner: string | null
  /** Time since which no running engine has declared the source. Null while one does. */
  readonly undeclaredAt: number | null
  readonly createdAt: number
}

/** Stored event of a source. */
export interface SourceEvent {
  readonly source: string
  readonly sequence: number
  /** Time in milliseconds since 1970. */
  readonly acceptedAt: number
  readonly eventText: ValueText
}

/** State of one source of a reactor. */
export interface ReactorInput {
  readonly source: string
  /** Newest value, or null if there is none. */
  readonly valueText: ValueText | null
  /** Time of the newest value, in milliseconds since 1970. */
  readonly valueAt: number | null
  /** Sequence number of the event that delivered the value. For a batch: number of its last event. */
  readonly sequence: number | null
  /** Whether the value was delivered after the last firing. */
  readonly isDirty: boolean
}

/** State of a reactor. Times are in milliseconds since 1970. */
export interface ReactorRow {
  readonly name: string
  readonly mode: ReactionMode
  readonly inputs: readonly ReactorInput[]
  /** Sequence number of the last firing. 0 if there is none. */
  readonly lastSequence: number
  readonly lastFiredAt: number | null
  /** Time since which no running engine has declared the reactor. Null while one does. */
  readonly undeclaredAt: number | null
  readonly createdAt: number
}

/**
 * Range of events of one source that led to a firing. With `when_all`, the range can contain several values; the
 * payload has only the newest one.
 */
export interface FiringCause {
  readonly source: string
  readonly firstSequence: number
  readonly lastSequence: number
}

/** Firing of a reactor. */
export interface ReactorFiring {
  readonly id: string
  readonly reactor: string
  /** Number of the firing, which increases by 1 with each firing of the reactor. */
  readonly sequence: number
  /** Time in milliseconds since 1970. */
  readonly firedAt: number
  /** JSON object with the value of each source by name. Null for a source without a value. */
  readonly payloadText: ValueText
  /** Events that were delivered since the previous firing, by source. Empty for a firing by hand. */
  readonly causes: readonly FiringCause[]
  /** User or interface that fired the reactor by hand. Null if the reactor fired because of events. */
  readonly byHand: string | null
}

/** State of a graph. Times are in milliseconds since 1970. */
export interface GraphRow {
  readonly definition: GraphDefinition
  /** Sequence number of the last firing for which the graph ran. */
  readonly doneSequence: number
  /** Number of runs. */
  readonly runs: number
  /** Number of failed runs. */
  readonly failures: number
  readonly lastRun: GraphRun | null
  readonly lastError: PythonFault | null
  readonly lastErrorAt: number | null
  /** Time since which no running engine has declared the graph. Null while one does. */
  readonly undeclaredAt: number | null
  readonly createdAt: number
}

/** Last recorded run of a graph. */
export interface GraphRun {
  /** Time in milliseconds since 1970. */
  readonly at: number
  /** Sequence number of the firing for which the graph ran. */
  readonly firingSequence: number
  /** Return value of the terminal node. Null if no terminal node ran, or if the run failed. */
  readonly resultText: ValueText | null
  /** JSON object with the return value of each node, shortened. */
  readonly nodesText: ValueText
}

/** Subscription of a workflow to a reactor. Times are in milliseconds since 1970. */
export interface Subscription {
  readonly id: string
  readonly reactor: string
  readonly workflow: string
  readonly tenant: string
  /** Condition in CEL, or null if each firing starts an execution. */
  readonly predicate: string | null
  readonly isEnabled: boolean
  /** Sequence number of the last processed firing. */
  readonly doneSequence: number
  /** Number of firings that are not yet processed. */
  readonly waiting: number
  /** Time of the last processed firing. */
  readonly lastSeenFiredAt: number | null
  /** Whether the subscription stopped because its predicate failed repeatedly. */
  readonly isDegraded: boolean
  /** Number of consecutive failures of the predicate for the firing `errorFiringId`. */
  readonly errorCount: number
  readonly lastError: string | null
  readonly lastErrorAt: number | null
  readonly errorFiringId: string | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** What a store keeps of sources, reactors, graphs and subscriptions. See `definitions.ts` for what they are. */

import type { PythonFault } from '../fault.ts'
import type { Accumulation, GraphDefinition, ReactionMode } from './definitions.ts'

/** A JSON value as text: numbers keep their tokens. */
export type ValueText = string

export interface SourceRow {
  readonly name: string
  /** Null: only reactors name it. */
  readonly accumulation: Accumulation | null
  readonly description: string
  /** Sequence of the event that was accepted last; 0 before the first. */
  readonly lastSequence: number
  /** Up to this one events have been accumulated and delivered. */
  readonly doneSequence: number
  /** Accepted and not accumulated yet. */
  readonly waiting: number
  /** Events for which the function returned None. */
  readonly dropped: number
  /** Events that were not accepted, since too many waited. */
  readonly refused: number
  /** Events for which the function raised, and that were passed over. */
  readonly failed: number
  readonly lastEventAt: number | null
  /** The value that was delivered last. */
  readonly lastValueText: ValueText | null
  readonly lastValueAt: number | null
  readonly lastError: PythonFault | null
  readonly lastErrorAt: number | null
  /** The instance that accumulates its events; null: nobody does. */
  readonly owner: string | null
  /** Since when no living instance declares it; null while one does. */
  readonly undeclaredAt: number | null
  readonly createdAt: number
}

/** An event as it is stored. */
export interface SourceEvent {
  readonly source: string
  readonly sequence: number
  readonly acceptedAt: number
  readonly eventText: ValueText
}

/** What a reactor has of one of its sources. */
export interface ReactorInput {
  readonly source: string
  /** The newest value; null while there is none. */
  readonly valueText: ValueText | null
  readonly valueAt: number | null
  /** Of the event that it comes from, or of the last one of its batch. */
  readonly sequence: number | null
  /** It was delivered after the last firing. */
  readonly isDirty: boolean
}

export interface ReactorRow {
  readonly name: string
  readonly mode: ReactionMode
  readonly inputs: readonly ReactorInput[]
  /** Sequence of the last firing; 0 before the first. */
  readonly lastSequence: number
  readonly lastFiredAt: number | null
  readonly undeclaredAt: number | null
  readonly createdAt: number
}

/**
 * What a source delivered since the firing before: the events from which it comes. With `when_all` that may be many values, of which the
 * payload has the newest; events between the two that were dropped belong to none.
 */
export interface FiringCause {
  readonly source: string
  readonly firstSequence: number
  readonly lastSequence: number
}

export interface ReactorFiring {
  readonly id: string
  readonly reactor: string
  /** Grows by 1 with each firing of the reactor. */
  readonly sequence: number
  readonly firedAt: number
  /** A JSON object: the values of all sources by name, null where there is none yet. */
  readonly payloadText: ValueText
  /** What was delivered since the firing before, one for each source that did; [] when it was fired by hand. */
  readonly causes: readonly FiringCause[]
  /** Who fired it by hand; null: its sources did. */
  readonly byHand: string | null
}

export interface GraphRow {
  readonly definition: GraphDefinition
  /** Up to this firing of its reactor it was run. */
  readonly doneSequence: number
  readonly runs: number
  readonly failures: number
  readonly lastRun: GraphRun | null
  readonly lastError: PythonFault | null
  readonly lastErrorAt: number | null
  readonly undeclaredAt: number | null
  readonly createdAt: number
}

/** The last run of a graph that is known, as the page shows it. */
export interface GraphRun {
  readonly at: number
  readonly firingSequence: number
  /** Of the terminal node; null where none ran, or the run failed. */
  readonly resultText: ValueText | null
  /** By node: what it returned, cut short. JSON object. */
  readonly nodesText: ValueText
}

export interface Subscription {
  readonly id: string
  readonly reactor: string
  readonly workflow: string
  readonly tenant: string
  readonly predicate: string | null
  readonly isEnabled: boolean
  /** Firings up to this sequence have been passed on or passed over. */
  readonly doneSequence: number
  /** How many firings of the reactor are behind that. */
  readonly waiting: number
  readonly lastSeenFiredAt: number | null
  readonly isDegraded: boolean
  readonly errorCount: number
  readonly lastError: string | null
  readonly lastErrorAt: number | null
  readonly errorFiringId: string | null
  readonly createdAt: number
  readonly updatedAt: number
}

/**
 * What the engine needs of an interpreter host for accumulators and graphs: a part of the `ScriptHost` port. Both calls
 * take a batch, are one entry into Python, and always settle with a value. The host may answer for the first of a batch only, when
 * it has taken long: the caller asks for the rest again.
 */

import type { PythonFault } from '../../model/fault.ts'
import type { ValueText } from '../../model/graphs/rows.ts'
import type { LogSink } from '../../model/log.ts'
import type { StartLimit } from '../clock-port.ts'

/** What a function is called with: each event by itself, all of them as one list, or nothing. */
export type AccumulateMode = 'each' | 'batch' | 'poll'

export interface AccumulateRequest {
  readonly script: string
  readonly source: string
  readonly mode: AccumulateMode
  /** In their order; [] for a poll. */
  readonly events: readonly ValueText[]
  /** Of the first of them; 0 for a poll. */
  readonly firstSequence: number
  /** Of one call of the function. */
  readonly deadlineMs: number
  /** Limit for the first call, as of a poll. */
  readonly startLimit?: StartLimit
  readonly stopping?: AbortSignal
  /** Hears what the function prints and logs. */
  readonly log?: LogSink
}

/** What one call of an accumulator function came to. */
export type Accumulated =
  | { readonly kind: 'value'; readonly valueText: ValueText }
  /** It returned None. */
  | { readonly kind: 'dropped' }
  | { readonly kind: 'failed' | 'timedOut'; readonly error: PythonFault }

/** Has no `startLimit`: runs are claimed in the store before they are requested, so that no other instance makes them. */
export interface RunGraphRequest {
  readonly script: string
  readonly graph: string
  /** Of firings, in their order: JSON objects. */
  readonly payloads: readonly ValueText[]
  /** Of one run. */
  readonly deadlineMs: number
  readonly stopping?: AbortSignal
  readonly log?: LogSink
}

/** What one run of a graph came to. */
export type GraphResult =
  /** Null: no terminal node ran. */
  | { readonly kind: 'ended'; readonly resultText: ValueText | null }
  | { readonly kind: 'failed' | 'timedOut'; readonly error: PythonFault }

export interface GraphResults {
  readonly kind: 'answered'
  /** In the order of the payloads, from the first on: at least one. */
  readonly results: readonly GraphResult[]
  /** Of the last of them: a JSON object with what each node returned, cut short. */
  readonly nodesText: ValueText
}

/** In the order of the events, from the first on: at least one. Of a batch and of a poll, one. */
export interface AccumulatedValues {
  readonly kind: 'answered'
  readonly results: readonly Accumulated[]
}

/** The interpreter was lost under it. `isCulprit`: because of it. What it had done by then is not known. */
export interface EntryLost {
  readonly kind: 'lost'
  readonly isCulprit: boolean
  readonly error: PythonFault
}

/** There is no such script, or it does not declare such a function now. */
export interface NotServed {
  readonly kind: 'notServed'
}

/** It never began: see `NotEntered` of `ports.ts`. */
type NotEntered = { readonly kind: 'notEntered'; readonly isLate?: true }

export type AccumulateAnswer = AccumulatedValues | EntryLost | NotServed | NotEntered
export type RunGraphAnswer = GraphResults | EntryLost | NotServed | NotEntered

export interface GraphHost {
  accumulate(request: AccumulateRequest): Promise<AccumulateAnswer>
  runGraph(request: RunGraphRequest): Promise<RunGraphAnswer>
}

/**
 * Part of the `ScriptHost` port for accumulators and graphs. Each call takes a batch, is one entry into Python, and
 * always resolves. A slow host may answer for the first items of a batch only; the caller then sends the others again.
 */

import type { PythonFault } from '../../model/fault.ts'
import type { ValueText } from '../../model/graphs/graph-model-rows.ts'
import type { LogPieceSink } from '../../model/logs/log-record.ts'
import type { StartLimit } from '../clock-port.ts'

/** Argument of the function: each event by itself, all events as one list, or nothing. */
export type AccumulateMode = 'each' | 'batch' | 'poll'

export interface AccumulateRequest {
  readonly script: string
  readonly source: string
  readonly mode: AccumulateMode
  /** In order; [] for a poll. */
  readonly events: readonly ValueText[]
  /** Sequence number of the first event; 0 for a poll. */
  readonly firstSequence: number
  /** Limit of one call of the function. */
  readonly deadlineMs: number
  /** Limit for the start of the first call. */
  readonly startLimit?: StartLimit
  readonly stopping?: AbortSignal
  readonly log?: LogPieceSink
}

/** Result of one call of an accumulator function. */
export type Accumulated =
  | { readonly kind: 'value'; readonly valueText: ValueText }
  /** The function returned None. */
  | { readonly kind: 'dropped' }
  | { readonly kind: 'failed' | 'timedOut'; readonly error: PythonFault }

/** Has no `startLimit`: runs are claimed in the store before they are requested, so that no other engine makes them. */
export interface RunGraphRequest {
  readonly script: string
  readonly graph: string
  /** Payloads of the firings, in order: JSON objects. */
  readonly payloads: readonly ValueText[]
  /** Limit of one run. */
  readonly deadlineMs: number
  readonly stopping?: AbortSignal
  readonly log?: LogPieceSink
}

export type GraphResult =
  /** Null: no terminal node ran. */
  | { readonly kind: 'ended'; readonly resultText: ValueText | null }
  | { readonly kind: 'failed' | 'timedOut'; readonly error: PythonFault }

interface GraphResults {
  readonly kind: 'answered'
  /** At least one result, in the order of the payloads. */
  readonly results: readonly GraphResult[]
  /** JSON object with what each node of the last of these runs returned, shortened. */
  readonly nodesText: ValueText
}

/** Results in the order of the events, at least one. A batch or a poll has exactly one. */
interface AccumulatedValues {
  readonly kind: 'answered'
  readonly results: readonly Accumulated[]
}

/** The interpreter died during the call, whose effects are unknown. `isCulprit`: the call caused the death. */
export interface LostEntry {
  readonly kind: 'lost'
  readonly isCulprit: boolean
  readonly error: PythonFault
}

/** The script does not exist, or does not declare the function now. */
interface NotServed {
  readonly kind: 'notServed'
}

/** Result of a call that never began: see `NotStarted` of `ports.ts`. */
type NotStarted = { readonly kind: 'notStarted'; readonly isLate?: true }

export type AccumulateAnswer = AccumulatedValues | LostEntry | NotServed | NotStarted
export type RunGraphAnswer = GraphResults | LostEntry | NotServed | NotStarted

export interface GraphHost {
  accumulate(request: AccumulateRequest): Promise<AccumulateAnswer>
  runGraph(request: RunGraphRequest): Promise<RunGraphAnswer>
}

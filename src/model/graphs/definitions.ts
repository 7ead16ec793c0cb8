/**
 * Computation graphs, reactors and their sources as data: what a script declared, without its functions.
 *
 * An event is accepted by a source, gets the source's next sequence number, and is stored. Its value, which the
 * accumulator function returns, is delivered to the reactors that list the source. A reactor numbers its firings.
 */

import type { SourcePlace } from '../workflow.ts'

/** Kind of an accumulator. */
export type AccumulatorKind = 'passthrough' | 'stream' | 'polling' | 'batch' | 'state'

/** Options of an accumulator by kind. */
export type Accumulation =
  | { readonly kind: 'passthrough' }
  /** `group`: name of the consumer group. Null for the name of the graph that uses the source. */
  | { readonly kind: 'stream'; readonly type: string; readonly topic: string; readonly group: string | null }
  | { readonly kind: 'polling'; readonly intervalMs: number }
  /** `maxSize`: number of queued events that form a batch before the interval ends. Null for no such number. */
  | { readonly kind: 'batch'; readonly intervalMs: number; readonly maxSize: number | null }
  /** `capacity`: number of values to keep. Negative for all; 0 delivers no value. */
  | { readonly kind: 'state'; readonly capacity: number }

/** Source of events that a script declares with an accumulator. */
export interface SourceDefinition {
  readonly name: string
  readonly accumulation: Accumulation
  readonly description: string
  /** Id of the script that declares the source. The interpreter of this script runs the function of the accumulator. */
  readonly script: string
  readonly place: SourcePlace | null
}

/** Condition for firing: a delivery of any source, or a delivery of every source since the last firing. */
export type ReactionMode = 'when_any' | 'when_all'

/** Reactor that a script declares. */
export interface ReactorDefinition {
  readonly name: string
  /** Names of its sources, in the order of the payload. Without an accumulator, a source delivers events unchanged. */
  readonly sources: readonly string[]
  readonly mode: ReactionMode
  readonly script: string
  readonly place: SourcePlace | null
}

/** Node of a graph. */
export interface GraphNode {
  readonly id: string
  /** Names of the sources whose values are the first arguments of the function, in this order. */
  readonly inputs: readonly string[]
  /** Id of the node that receives the return value, or null. */
  readonly next: string | null
  /** Variants of a routing node with the node that each leads to. Null for other nodes. */
  readonly routes: readonly (readonly [variant: string, node: string])[] | null
}

/** Computation graph that a script declares. */
export interface GraphDefinition {
  readonly name: string
  /** Name of the reactor that runs the graph. Null if tasks run it. */
  readonly reactor: string | null
  /** Nodes in the order of the topology. */
  readonly nodes: readonly GraphNode[]
  readonly description: string
  readonly script: string
  readonly place: SourcePlace | null
}

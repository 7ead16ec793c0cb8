/**
 * Computation graphs, reactors and their sources as data: what a script declared, without its functions.
 *
 * An event is accepted by a source, gets the source's next sequence number, and is stored. Its value, which the
 * accumulator function returns, is delivered to the reactors that list the source. A reactor fires; its firings are numbered, too.
 */

import type { SourcePlace } from '../workflow.ts'

export type AccumulatorKind = 'passthrough' | 'stream' | 'polling' | 'batch' | 'state'

/** What an accumulator does with events, and where they come from. */
export type Accumulation =
  | { readonly kind: 'passthrough' }
  /** `group`: of consumers; null for the name of the graph that uses it. */
  | { readonly kind: 'stream'; readonly type: string; readonly topic: string; readonly group: string | null }
  | { readonly kind: 'polling'; readonly intervalMs: number }
  /** `maxSize`: so many waiting events are a batch at once; null: only the interval makes one. */
  | { readonly kind: 'batch'; readonly intervalMs: number; readonly maxSize: number | null }
  /** `capacity`: so many values are kept; below 0 all, and with 0 nothing is emitted. */
  | { readonly kind: 'state'; readonly capacity: number }

/** A named source with the function that prepares its events. */
export interface SourceDefinition {
  readonly name: string
  readonly accumulation: Accumulation
  readonly description: string
  /** Id of the script that declared it: its interpreter runs the function. */
  readonly script: string
  readonly place: SourcePlace | null
}

export type ReactionMode = 'when_any' | 'when_all'

export interface ReactorDefinition {
  readonly name: string
  /** Names of sources, in the order of the payload. They need not be declared: such a source hands on events as they are. */
  readonly sources: readonly string[]
  readonly mode: ReactionMode
  readonly script: string
  readonly place: SourcePlace | null
}

export interface GraphNode {
  readonly id: string
  /** Sources that are handed to it, in this order. */
  readonly inputs: readonly string[]
  /** The one node that gets its value. */
  readonly next: string | null
  /** A routing node's variants with their nodes; null for any other. */
  readonly routes: readonly (readonly [variant: string, node: string])[] | null
}

export interface GraphDefinition {
  readonly name: string
  /** Null: it is run by tasks. */
  readonly reactor: string | null
  /** In the order of the topology. */
  readonly nodes: readonly GraphNode[]
  readonly description: string
  readonly script: string
  readonly place: SourcePlace | null
}

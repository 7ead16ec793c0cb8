/** In a worker: lays out the graphs that it is sent. `place.ts` speaks to it. */

import { type GraphShape, type PlacedGraph, placed } from './layout.ts'

export interface LayoutRequest {
  readonly id: number
  readonly shape: GraphShape
}

export interface LayoutReply {
  readonly id: number
  /** Null: it could not be laid out. */
  readonly graph: PlacedGraph | null
}

addEventListener('message', ({ data }: MessageEvent<LayoutRequest>) => {
  const { id, shape } = data
  let graph: PlacedGraph | null = null
  try {
    graph = placed(shape)
  } catch (thrown) {
    console.error(thrown)
  }
  postMessage({ id, graph } satisfies LayoutReply)
})

/** In a worker: lays out the graphs that it is sent. `place.ts` speaks to it. */

import { type GraphShape, type PlacedGraph, placed } from './layout.ts'

export interface LayoutRequest {
  readonly id: number
  readonly shape: GraphShape
}

export interface LayoutReply {
  readonly id: number
  /** A text: why it could not be laid out. */
  readonly graph: PlacedGraph | string
}

addEventListener('message', ({ data }: MessageEvent<LayoutRequest>) => {
  const { id, shape } = data
  postMessage({ id, graph: placedOrWhy(shape) } satisfies LayoutReply)
})

function placedOrWhy(shape: GraphShape): PlacedGraph | string {
  try {
    return placed(shape)
  } catch (thrown) {
    return String(thrown)
  }
}

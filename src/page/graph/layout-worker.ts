/** Lays out graphs in a worker, for `graph-layout.ts`. */

import { type GraphShape, layoutNow, type PlacedGraph } from './layout.ts'

export interface LayoutRequest {
  readonly id: number
  readonly shape: GraphShape
}

export interface LayoutReply {
  readonly id: number
  /** A text is the reason of a failure. */
  readonly graph: PlacedGraph | string
}

addEventListener('message', ({ data }: MessageEvent<LayoutRequest>) => {
  const { id, shape } = data
  postMessage({ id, graph: placedOrWhy(shape) } satisfies LayoutReply)
})
postMessage('ready')

function placedOrWhy(shape: GraphShape): PlacedGraph | string {
  try {
    return layoutNow(shape)
  } catch (thrown) {
    return String(thrown)
  }
}

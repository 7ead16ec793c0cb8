/**
 * Lays out a graph: here, or in a worker if it is large, so that the page stays responsive. The worker runs the script
 * of the page (`main.tsx`), which imports another chunk if it has no document.
 */

import { type GraphShape, layoutNow, type PlacedGraph } from './layout.ts'
import type { LayoutReply, LayoutRequest } from './layout-worker.ts'

/** Maximum number of nodes that take less than 100 ms. */
const MAX_NODES_IN_PAGE = 40

/** A text is the reason of a failed start. */
let worker: Promise<Worker | string> | null = null
let lastId = 0
const waiting = new Map<number, (graph: PlacedGraph | string) => void>()

/** Returns the layout, or a text with the reason of a failure. */
export async function layoutGraph(shape: GraphShape): Promise<PlacedGraph | string> {
  if (shape.nodes.length <= MAX_NODES_IN_PAGE) return layoutNow(shape)
  worker ??= startWorker()
  const started = await worker
  if (typeof started === 'string') return started
  const id = ++lastId
  const answer = new Promise<PlacedGraph | string>((resolve) => waiting.set(id, resolve))
  started.postMessage({ id, shape } satisfies LayoutRequest)
  return await answer
}

/** Resolves when the worker has sent its first message: earlier requests would be lost while it imports its chunk. */
function startWorker(): Promise<Worker | string> {
  const script = document.querySelector<HTMLScriptElement>('script[type=module]')?.src ?? ''
  const started = new Worker(script, { type: 'module', name: 'layout' })
  return new Promise((resolve) => {
    started.addEventListener('message', ({ data }: MessageEvent<LayoutReply | 'ready'>) => {
      if (data === 'ready') return resolve(started)
      waiting.get(data.id)?.(data.graph)
      waiting.delete(data.id)
    })
    started.addEventListener('error', ({ message }) => {
      const reason = message || 'the layout worker did not start'
      resolve(reason)
      for (const answered of waiting.values()) answered(reason)
      waiting.clear()
      worker = null
    })
  })
}

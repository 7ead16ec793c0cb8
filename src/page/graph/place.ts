/**
 * Has a graph laid out: here, or where it is large in a worker, so that the page goes on meanwhile. The worker is the script of the page
 * itself, which knows where it runs (`main.tsx`): that is one file, and of the page's own origin, as its policy demands.
 */

import { type GraphShape, type PlacedGraph, placed } from './layout.ts'
import type { LayoutReply, LayoutRequest } from './layout-worker.ts'

/** Less than a tenth of a second. */
const IN_PAGE_AT_MOST = 40

let worker: Worker | null = null
let lastId = 0
const waiting = new Map<number, (graph: PlacedGraph | string) => void>()

/** A text: why it could not be laid out. */
export async function place(shape: GraphShape): Promise<PlacedGraph | string> {
  if (shape.nodes.length <= IN_PAGE_AT_MOST) return placed(shape)
  worker ??= startWorker()
  const id = ++lastId
  const answer = new Promise<PlacedGraph | string>((resolve) => waiting.set(id, resolve))
  worker.postMessage({ id, shape } satisfies LayoutRequest)
  return await answer
}

function startWorker(): Worker {
  const started = new Worker(import.meta.url, { type: 'module', name: 'layout' })
  started.addEventListener('message', ({ data }: MessageEvent<LayoutReply>) => {
    waiting.get(data.id)?.(data.graph)
    waiting.delete(data.id)
  })
  started.addEventListener('error', ({ message }) => {
    for (const resolve of waiting.values()) resolve(message || 'the layout worker did not start')
    waiting.clear()
    worker = null
  })
  return started
}

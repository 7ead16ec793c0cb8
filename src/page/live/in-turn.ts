/** Divides the drawing of many similar elements into short tasks, so that the page answers between them. */

import { delay } from './live-clock.ts'

/** Number of callbacks in one task. */
const PER_TASK = 6

const waiting = new Set<() => void>()
let isRunning = false

/** Calls back in a later task, in the order of the calls. Returns a function that prevents it. */
export function inTurn(callback: () => void): () => void {
  waiting.add(callback)
  if (!isRunning) void runAll()
  return () => waiting.delete(callback)
}

async function runAll(): Promise<void> {
  isRunning = true
  while (waiting.size > 0) {
    await delay(0)
    for (const callback of [...waiting].slice(0, PER_TASK)) {
      waiting.delete(callback)
      callback()
    }
  }
  isRunning = false
}

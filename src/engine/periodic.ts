/** Periodic work of the engine beside its loops, never twice at a time. After a failure it is tried again next time. */

import { toError } from '../errors.ts'
import type { Clock, Timer } from './clock-port.ts'
import type { EnginePorts } from './engine-options.ts'

export interface PeriodicWork {
  /** Description for messages, such as `sending a heartbeat`. */
  readonly during: string
  readonly everyMs: number
  run(): Promise<void>
}

/** Starts after one period. Returns a function that ends this without waiting. */
export function runPeriodically(work: PeriodicWork, ports: Pick<EnginePorts, 'clock' | 'events'>): () => void {
  const { clock, events } = ports
  let isStopped = false
  let timer: Timer

  const wait = (): Timer => clock.wakeAfter(work.everyMs, () => void runOnce(), work.during)
  const runOnce = async (): Promise<void> => {
    try {
      await work.run()
    } catch (thrown) {
      const retryAt = isStopped ? null : clock.now() + work.everyMs
      events.emit('trouble', { during: work.during, error: toError(thrown), retryAt })
    }
    if (!isStopped) timer = wait()
  }

  timer = wait()
  return () => {
    isStopped = true
    timer.cancel()
  }
}

/** Settles when `done` settles, at the latest after the limit. */
export function settledWithin(done: Promise<unknown>, limitMs: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.wakeAfter(limitMs, resolve)
    void done.then(() => {
      timer.cancel()
      resolve()
    })
  })
}

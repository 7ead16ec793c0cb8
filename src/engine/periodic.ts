/** Something that the engine does again and again, beside its loops: one at a time, and a failure is tried again the next time. */

import { toError } from '../errors.ts'
import type { EngineEvents } from './events.ts'
import type { Clock, Timer } from './ports.ts'

export interface PeriodicPorts {
  readonly clock: Clock
  readonly events: EngineEvents
}

export interface PeriodicWork {
  /** For messages: `sending a heartbeat`. */
  readonly during: string
  readonly everyMs: number
  run(): Promise<void>
}

/** Runs it for the first time after one period. Returns the end of it, which waits for nothing. */
export function runPeriodically(work: PeriodicWork, ports: PeriodicPorts): () => void {
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

/** Settles when it is done, and after the limit at the latest. */
export function within(done: Promise<unknown>, limitMs: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.wakeAfter(limitMs, resolve)
    void done.then(() => {
      timer.cancel()
      resolve()
    })
  })
}

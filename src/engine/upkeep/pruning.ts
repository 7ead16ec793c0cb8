/**
 * Removes old records, in small steps with pauses between them: however much there is to remove, it takes a small part of
 * the time, and the polls, the tasks and the commits of others come between. Started by the engine.
 */

import { toError } from '../../errors.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { EngineEvents } from '../events.ts'
import { runPeriodically } from '../periodic.ts'
import type { Clock, Retention, RetentionHold, Store, Timer } from '../ports.ts'

/** The pauses are so many times as long as the steps. */
const PAUSE_FACTOR = 19
const SHORTEST_PAUSE_MS = 10
/** A step may have waited for the lock of another process. */
const LONGEST_PAUSE_MS = 1_000
const DAY_MS = 86_400_000
const EVERY_MS = 60_000

export interface PruningPorts {
  readonly store: Pick<Store, 'prune' | 'retentionHold'>
  readonly clock: Clock
  readonly events: EngineEvents
}

/** Once a minute. Returns the end of it. What an older version kept is spoken of at once, and not when it would go. */
export function startPruning(ports: PruningPorts, retention: Retention): () => void {
  const { clock, events } = ports
  const during = 'removing old records'
  const pruning = new Pruning(ports, retention)
  pruning.isHeld().catch((thrown) => {
    events.emit('trouble', { during, error: toError(thrown), retryAt: clock.now() + EVERY_MS })
  })
  const stop = runPeriodically({ during, everyMs: EVERY_MS, run: () => pruning.run() }, ports)
  return () => {
    stop()
    pruning.stop()
  }
}

export class Pruning {
  readonly #ports: PruningPorts
  readonly #retention: Retention
  #isStopped = false
  #endPause: (() => void) | null = null

  constructor(ports: PruningPorts, retention: Retention) {
    this.#ports = ports
    this.#retention = retention
  }

  /** Settles when nothing is left to remove, or it was stopped. Rejects as the store does. */
  async run(): Promise<void> {
    const { store, clock } = this.#ports
    if (await this.isHeld()) return
    while (!this.#isStopped) {
      const beganAt = clock.monotonic()
      if ((await store.prune(this.#retention, clock.now())) === 0) return
      const pauseMs = PAUSE_FACTOR * (clock.monotonic() - beganAt)
      if (!this.#isStopped) await this.#pause(Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, pauseMs)))
    }
  }

  /** Whether nothing may be removed yet. Whoever serves is told the first time. Rejects as the store does. */
  async isHeld(): Promise<boolean> {
    const { store, clock, events } = this.#ports
    const hold = await store.retentionHold(this.#retention, clock.now())
    if (hold?.isNew) events.emit('warning', { code: 'RETENTION_BEGINS', message: announcement(hold, this.#retention) })
    return hold !== null
  }

  stop(): void {
    this.#isStopped = true
    this.#endPause?.()
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer: Timer = this.#ports.clock.wakeAfter(ms, resolve)
      this.#endPause = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}

function announcement({ executions, until }: RetentionHold, { endedMs }: Retention): string {
  const days = Number(((endedMs ?? 0) / DAY_MS).toFixed(1))
  return (
    `From ${formatInstant(until)}, executions are removed ${days} days after their end. Older versions of cloaca kept ` +
    `executions forever. On that date, ${executions} stored executions will be removed. To keep all executions, set ` +
    '"executions" to "never" under [retention] in cloaca.toml, or in Node "config.retention.endedMs" to null.'
  )
}

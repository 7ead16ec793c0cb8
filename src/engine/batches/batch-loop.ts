/**
 * Loop of backfills and refires: starts their next executions while fewer than their maximum are active, the oldest
 * first. Every polling engine may do this for each of them. The store accepts the step of one engine, because it
 * compares the cursor.
 *
 * Moves of a batch here:
 *   running -> running     an execution has ended, a user has changed something, or another engine may have
 *   running -> completed   nothing is left to start, and no execution is active
 */

import type { Execution } from '../../model/execution.ts'
import type { Batch } from '../../model/schedule-rows.ts'
import { Reconciler } from '../backoff/reconciler.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { OnFired } from '../starts/firing-context.ts'
import { isExhausted } from './backfill-times.ts'
import { nextStarts } from './batch-starts.ts'

/** While a batch is running: other engines do not report the ends of its executions. */
const LOOK_EVERY_MS = 1_000
const MAX_STARTS_PER_STEP = 50

export class BatchLoop {
  readonly #ports: EnginePorts
  readonly #onFired: OnFired
  readonly #passes: Reconciler

  constructor(ports: EnginePorts, onFired: OnFired) {
    this.#ports = ports
    this.#onFired = onFired
    this.#passes = new Reconciler(ports, 'starting executions of backfills and refires', () => this.#pass())
  }

  start(): Promise<void> {
    return this.#passes.start()
  }

  /** Reads the batches again, after they or their executions may have changed. */
  lookAgain(): Promise<void> {
    return this.#passes.request()
  }

  /** Handles the end of an execution of this engine. */
  ended({ origin }: Pick<Execution, 'origin'>): void {
    if (origin.kind === 'backfill' || origin.kind === 'refire') void this.lookAgain()
  }

  stop(): void {
    void this.#passes.stop()
  }

  async #pass(): Promise<void> {
    const { store, config } = this.#ports
    const running = await store.batches.running()
    const own = config.cronEnabled ? running : running.filter(({ kind }) => kind !== 'backfill')
    for (const batch of own) {
      if (this.#passes.isStopped) return
      if (await this.#advance(batch)) void this.#passes.request()
    }
    if (own.length > 0) this.#passes.requestAfter(LOOK_EVERY_MS)
  }

  /** Returns whether the next step of the batch can begin immediately. */
  async #advance(batch: Batch): Promise<boolean> {
    const { store, clock } = this.#ports
    const { id: batchId, cursor: seen, maxActive, active } = batch
    if (isExhausted(batch)) {
      if (active === 0) await store.batches.complete(batchId, seen, clock.now())
      return false
    }
    const free = Math.min(MAX_STARTS_PER_STEP, maxActive - active)
    if (free <= 0) return false
    const next = await nextStarts(batch, free, this.#ports)
    if (next === null || this.#passes.isStopped) return false
    const advanced = store.batches.advance({ batchId, seen, at: clock.now(), ...next })
    // In the same tick of the event loop, so that the executions are taken in the transaction that accepts them.
    if (next.starts.length > 0)
      this.#onFired(
        next.starts.map(({ execution }) => execution.id),
        advanced,
      )
    const started = await advanced
    return started !== null && (started.length < maxActive - active || isExhausted({ ...batch, cursor: next.cursor }))
  }
}

/**
 * The ends of runs that callers here wait for, whoever carries them out. Held by the engine. Waiting takes nothing from the
 * store: no instance is entered, no trigger leased, no execution acquired, so that a process which only waits leaves
 * everything to those that serve.
 */

import { toError, UsageError } from '../../errors.ts'
import type { Execution } from '../../model/execution.ts'
import type { EngineEvents } from '../events.ts'
import { runPeriodically } from '../periodic.ts'
import type { Clock, Store } from '../ports.ts'
import { Waits } from './waiting-callers.ts'

/** Where changes by others cannot be heard of, and where a check failed. */
const CHECK_EVERY_MS = 30_000

export interface RunEndsPorts {
  readonly store: Store
  readonly clock: Clock
  readonly events: EngineEvents
  /** Whether the run is carried out here: then its end needs no check. */
  readonly isRunning: (executionId: string) => boolean
  /** A run that was waited for has ended elsewhere, or does not exist. */
  readonly onGone: (executionId: string) => void
}

export class RunEnds {
  readonly #ports: RunEndsPorts
  readonly #waits = new Waits()
  readonly #onTheirWay = new Set<string>()
  #releases: (() => void)[] | null = null

  constructor(ports: RunEndsPorts) {
    this.#ports = ports
  }

  /** `isAccepted` false: the store may not have it yet, and it is not looked for before `accepting` says so. */
  until(executionId: string, isAccepted = true): Promise<Execution> {
    if (!isAccepted) this.#onTheirWay.add(executionId)
    return this.#waits.until(executionId)
  }

  /** `accepted`: settles when the store has it, or has refused it: then there is no run to wait for. */
  accepting(executionId: string, accepted: Promise<void>): void {
    accepted.then(
      () => this.#onTheirWay.delete(executionId),
      (thrown) => this.giveUp(executionId, thrown),
    )
  }

  ended(execution: Execution): void {
    this.#waits.ended(execution)
  }

  /** There is no run to wait for. */
  giveUp(executionId: string, reason: Error): void {
    this.#onTheirWay.delete(executionId)
    this.#ports.onGone(executionId)
    this.#waits.giveUp(executionId, reason)
  }

  /** Whoever waits hears the reason; the run goes on. */
  stopWaiting(executionId: string, reason: Error): void {
    this.#waits.giveUp(executionId, reason)
  }

  /** Begins to look for what other processes end. Idempotent. */
  watch(): void {
    if (this.#releases !== null) return
    const { store } = this.#ports
    const work = { during: 'checking for ended executions', everyMs: CHECK_EVERY_MS, run: async () => this.check() }
    this.#releases = [store.onForeignChange(() => this.check()), runPeriodically(work, this.#ports)]
  }

  /** Whoever still waits is notified why there is nothing to wait for. */
  stop(reason: Error): void {
    for (const release of this.#releases ?? []) release()
    this.#releases = []
    this.#waits.giveUpAll(reason)
  }

  /** Checks now: one look at all that is waited for. What fails is checked again. */
  check(): void {
    const ids = [...this.#waits.executionIds].filter((id) => !this.#onTheirWay.has(id) && !this.#ports.isRunning(id))
    if (ids.length === 0) return
    const { store, clock, events } = this.#ports
    store
      .notUnderWay(ids)
      .then((over) => {
        for (const [id, execution] of over) this.#found(id, execution)
      })
      .catch((thrown: unknown) => {
        const retryAt = clock.now() + CHECK_EVERY_MS
        events.emit('trouble', { during: 'checking for ended executions', error: toError(thrown), retryAt })
      })
  }

  #found(id: string, execution: Execution | null): void {
    if (execution === null) this.giveUp(id, unknownExecution(id))
    else if (execution.endedAt !== null) {
      this.#ports.onGone(id)
      this.#waits.ended(execution)
    }
  }
}

export function unknownExecution(id: string): UsageError {
  return new UsageError('EXECUTION_NOT_FOUND', `Execution "${id}" not found in this database.`, { executionId: id })
}

/**
 * Waits for the ends of runs of any engine. Owned by the engine. Waiting registers no engine, leases no trigger and
 * acquires no execution, so a process that only waits leaves all work to the engines that serve.
 */

import { toError, UsageError } from '../../errors.ts'
import type { Execution } from '../../model/execution.ts'
import type { EnginePorts } from '../engine-options.ts'
import { runPeriodically } from '../periodic.ts'
import { WaitingCallers } from './waiting-callers.ts'

/** Interval of checks, for changes that the store does not report and after failed checks. */
const CHECK_EVERY_MS = 30_000

interface OwnRuns {
  /** Returns whether this engine runs it. Then its end needs no check. */
  readonly isRunning: (executionId: string) => boolean
  /** Called when a run that was waited for has ended elsewhere, or does not exist. */
  readonly onGone: (executionId: string) => void
}

export class RunEnds {
  readonly #ports: Pick<EnginePorts, 'store' | 'clock' | 'events'>
  readonly #own: OwnRuns
  readonly #waits = new WaitingCallers()
  readonly #onTheirWay = new Set<string>()
  #releases: (() => void)[] | null = null
  #stopped: Error | null = null

  constructor(ports: Pick<EnginePorts, 'store' | 'clock' | 'events'>, own: OwnRuns) {
    this.#ports = ports
    this.#own = own
  }

  /** `isAccepted` false: the store may not contain the run yet, so it is not checked before `accepting` settles. */
  until(executionId: string, isAccepted = true): Promise<Execution> {
    if (this.#stopped !== null) return Promise.reject(this.#stopped)
    if (!isAccepted) this.#onTheirWay.add(executionId)
    return this.#waits.until(executionId)
  }

  /** Waits for the end of a stored run in any engine. Throws `EXECUTION_NOT_FOUND`. */
  async wait(executionId: string): Promise<Execution> {
    const wait = await this.begin(executionId)
    if (wait === null) throw unknownExecutionError(executionId)
    return await wait.ended
  }

  /** Begins to wait for the end of a stored run in any engine. Returns null if it does not exist. */
  async begin(executionId: string): Promise<{ readonly ended: Promise<Execution> } | null> {
    const execution = await this.#ports.store.getExecution(executionId)
    if (execution === null || execution.endedAt !== null) this.#own.onGone(executionId)
    if (execution === null) return null
    if (execution.endedAt !== null) return { ended: Promise.resolve(execution) }
    const ended = this.until(executionId)
    this.watch()
    // The run may have ended between the query and the wait.
    this.check()
    return { ended }
  }

  /** `accepted`: rejects if the store refused the run, so that there is no end to wait for. */
  accepting(executionId: string, accepted: Promise<void>): void {
    accepted.then(
      () => this.#onTheirWay.delete(executionId),
      (thrown) => this.giveUp(executionId, thrown),
    )
  }

  ended(execution: Execution): void {
    this.#waits.ended(execution)
  }

  /** Rejects the waits for a run that does not exist. */
  giveUp(executionId: string, reason: Error): void {
    this.#onTheirWay.delete(executionId)
    this.#own.onGone(executionId)
    this.#waits.giveUp(executionId, reason)
  }

  /** Rejects one wait for a run, which continues. */
  stopWaiting(executionId: string, ended: Promise<Execution>, reason: Error): void {
    this.#waits.leave(executionId, ended, reason)
  }

  /** Starts to check for runs that other processes end. Idempotent. */
  watch(): void {
    if (this.#releases !== null) return
    const { store } = this.#ports
    const work = { during: 'checking for ended executions', everyMs: CHECK_EVERY_MS, run: async () => this.check() }
    this.#releases = [store.onForeignChange(() => this.check()), runPeriodically(work, this.#ports)]
  }

  stop(reason: Error): void {
    for (const release of this.#releases ?? []) release()
    this.#releases = []
    this.#stopped = reason
    this.#waits.giveUpAll(reason)
  }

  /** Checks all runs with waiting callers in one query. A failed check is repeated. */
  check(): void {
    const ids = [...this.#waits.executionIds].filter((id) => !this.#onTheirWay.has(id) && !this.#own.isRunning(id))
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
    if (execution === null) this.giveUp(id, unknownExecutionError(id))
    else if (execution.endedAt !== null) {
      this.#own.onGone(id)
      this.#waits.ended(execution)
    }
  }
}

export function unknownExecutionError(id: string): UsageError {
  return new UsageError('EXECUTION_NOT_FOUND', `Execution "${id}" not found in this database.`, { executionId: id })
}

/**
 * Group commit. The steps of one tick of the event loop run in order in one transaction, and each promise settles after
 * the commit. A step is synchronous and has no effect outside of the database, because a batch with a failing step is
 * rolled back, and its steps run again in a transaction each.
 *
 *   idle ──add──▶ waiting for the end of the tick ──▶ BEGIN ──▶ steps, COMMIT ──▶ all settled ──▶ idle
 *                   ▲                           │           └─ one fails ──▶ ROLLBACK ──▶ each alone
 *                   └── a little later ◀─ locked ┘ by another process, for at most 15 s: then all are refused
 */

import type { Clock } from '../../../engine/clock-port.ts'
import { CloacaError } from '../../../errors.ts'
import type { StoreCounters } from '../../../metrics/store-counters.ts'
import { databaseClosedError, stepRefusedError } from '../../store-failures.ts'
import type { StepNeed } from '../../store-session.ts'
import type { DatabaseWatch } from './database-watch.ts'
import type { Connection } from './sqlite-connection.ts'
import { adviceFor, isLocked } from './sqlite-failures.ts'

interface StepQueueOptions {
  readonly clock: Clock
  readonly syncs: boolean
  /** Called before each transaction and before the commit, but less often for progress. */
  readonly watch: Pick<DatabaseWatch, 'assertInPlace' | 'assertInPlaceLately' | 'suspect'>
  /** Called after each commit that wrote. `isSynced`: it is on the disk. */
  readonly afterCommit: (isSynced: boolean) => void
  readonly counters: StoreCounters
}

interface Step {
  readonly need: StepNeed
  readonly run: () => unknown
  readonly settle: (value: unknown) => void
  readonly fail: (error: Error) => void
}

/** The event loop is free between two attempts to get the lock. */
const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 200
const GIVE_UP_AFTER_MS = 15_000

export class StepQueue {
  readonly #connection: Connection
  readonly #options: StepQueueOptions
  #steps: Step[] = []
  #isFlushDue = false
  /** Monotonic time since which another process has the lock, or null. */
  #lockedSince: number | null = null
  #isClosed = false

  constructor(connection: Connection, options: StepQueueOptions) {
    this.#connection = connection
    this.#options = options
  }

  add<Result>(need: StepNeed, run: () => Result): Promise<Result> {
    const { path } = this.#connection
    if (this.#isClosed) return Promise.reject(databaseClosedError(path, { path }))
    return new Promise<Result>((resolve, reject) => {
      this.#steps.push({ need, run, settle: (value) => resolve(value as Result), fail: reject })
      if (this.#isFlushDue) return
      this.#isFlushDue = true
      this.#options.clock.soon(() => this.#flush())
    })
  }

  /** Refuses further steps. Queued steps are carried out. */
  close(): void {
    this.#isClosed = true
  }

  #flush(): void {
    this.#isFlushDue = false
    const steps = this.#steps
    this.#steps = []
    this.#carryOut(steps)
  }

  /** Returns false if the steps are in the queue again. */
  #carryOut(steps: readonly Step[]): boolean {
    const need = needOf(steps)
    const { afterCommit, clock, counters, watch } = this.#options
    const begunAt = clock.monotonic()
    try {
      this.#begin(need)
    } catch (error) {
      if (this.#waitsFor(error, steps)) return false
      this.#refuse(steps, error)
      return true
    }
    let results: readonly unknown[]
    try {
      results = steps.map((step) => step.run())
      if (need === 'write' || need === 'accept') watch.assertInPlace()
      this.#connection.commit()
    } catch (error) {
      this.#connection.rollback()
      this.#isolate(steps, error)
      return true
    }
    const counted = counters.commits[need === 'progress' ? 'write' : need]
    counted.steps += steps.length
    counted.duration.observe(clock.monotonic() - begunAt)
    for (const [index, step] of steps.entries()) step.settle(results[index])
    if (need !== 'read') afterCommit(this.#isSynced(need))
    return true
  }

  /** Finds the failing step by running each in a transaction of its own. */
  #isolate(steps: readonly Step[], error: unknown): void {
    if (steps.length === 1) {
      this.#refuse(steps, error)
      return
    }
    for (const [index, step] of steps.entries()) {
      if (this.#carryOut([step])) continue
      // The database was locked in between: further steps keep their place after the waiting step.
      this.#steps.splice(1, 0, ...steps.slice(index + 1))
      return
    }
  }

  #refuse(steps: readonly Step[], error: unknown): void {
    // Errors that a step throws are not failures of the database.
    if (!(error instanceof CloacaError)) this.#options.counters.refused += steps.length
    this.#options.watch.suspect(error)
    const { path } = this.#connection
    for (const step of steps) step.fail(stepRefusedError(path, error, adviceFor, { path }))
  }

  #begin(need: StepNeed): void {
    const { watch } = this.#options
    if (need === 'progress') watch.assertInPlaceLately()
    else watch.assertInPlace()
    if (need === 'read') this.#connection.beginRead()
    else this.#connection.beginWrite(this.#isSynced(need) ? 'synced' : 'kept')
    this.#lockedSince = null
  }

  #isSynced(need: StepNeed): boolean {
    return this.#options.syncs && need === 'accept'
  }

  /** Puts the steps back at the front of the queue, unless the database has been locked for too long. */
  #waitsFor(error: unknown, steps: readonly Step[]): boolean {
    if (!isLocked(error)) return false
    const { clock, counters } = this.#options
    const now = clock.monotonic()
    counters.locked += 1
    this.#lockedSince ??= now
    if (now - this.#lockedSince >= GIVE_UP_AFTER_MS) {
      this.#lockedSince = null
      return false
    }
    this.#steps.unshift(...steps)
    this.#isFlushDue = true
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS + (now - this.#lockedSince))
    clock.wakeAfter(pauseMs, () => this.#flush())
    return true
  }
}

const STRICTEST_FIRST: readonly StepNeed[] = ['accept', 'write', 'progress']

function needOf(steps: readonly Step[]): StepNeed {
  return STRICTEST_FIRST.find((need) => steps.some((step) => step.need === need)) ?? 'read'
}

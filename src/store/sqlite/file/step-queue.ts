/**
 * Group commit. The store asks for steps; those of one tick of the event loop are carried out in order in one
 * transaction, and each promise settles after the commit. A step is synchronous and touches nothing but the database,
 * because a batch of which one step fails is rolled back and run again, one transaction a step.
 *
 *   idle ──add──▶ waiting for the end of the tick of the event loop ──▶ BEGIN ──▶ steps, COMMIT ──▶ all settled ──▶ idle
 *                        ▲                              │             └─ one fails ──▶ ROLLBACK ──▶ each alone
 *                        └── a little later ◀── locked ─┘ by another process, for 15 s at most: then all are refused
 */

import type { Clock } from '../../../engine/ports.ts'
import { CloacaError } from '../../../errors.ts'
import type { StoreCounters } from '../../../metrics/store-counters.ts'
import { commitKind, type StepNeed, type StepResult } from '../../steps.ts'
import type { Connection } from './connection.ts'
import type { DatabaseWatch } from './database-watch.ts'
import { closed, isLocked, refused } from './failures.ts'

export interface StepQueueOptions {
  readonly clock: Clock
  /** False: nothing is synced, by the user's choice. */
  readonly syncs: boolean
  /** Asked before anything is read or written, and again before the commit, but less often where progress is all that is written. */
  readonly watch: Pick<DatabaseWatch, 'assertInPlace' | 'assertInPlaceLately' | 'suspect'>
  /** Called after each commit that wrote. */
  readonly afterCommit: () => void
  readonly counters: StoreCounters
}

interface Step {
  readonly need: StepNeed
  readonly run: () => unknown
  readonly settle: (value: unknown) => void
  readonly fail: (error: Error) => void
}

/** Between two tries for the lock the event loop is free: a lock that is held for long holds up nothing else. */
const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 200
const GIVE_UP_AFTER_MS = 15_000

export class StepQueue {
  readonly #connection: Connection
  readonly #clock: Clock
  readonly #syncs: boolean
  readonly #watch: StepQueueOptions['watch']
  readonly #afterCommit: () => void
  readonly #counters: StoreCounters
  #steps: Step[] = []
  #isFlushDue = false
  /** Since when another process has kept the lock; monotonic. */
  #lockedSince: number | null = null
  #isClosed = false

  constructor(connection: Connection, options: StepQueueOptions) {
    this.#connection = connection
    this.#clock = options.clock
    this.#syncs = options.syncs
    this.#watch = options.watch
    this.#afterCommit = options.afterCommit
    this.#counters = options.counters
  }

  add<Result>(need: StepNeed, run: () => StepResult<Result>): Promise<Result> {
    if (this.#isClosed) return Promise.reject(closed(this.#connection.path))
    return new Promise<Result>((resolve, reject) => {
      this.#steps.push({ need, run, settle: (value) => resolve(value as Result), fail: reject })
      if (this.#isFlushDue) return
      this.#isFlushDue = true
      this.#clock.soon(() => this.#flush())
    })
  }

  /** Refuses further steps. Those asked for are still carried out. */
  close(): void {
    this.#isClosed = true
  }

  #flush(): void {
    this.#isFlushDue = false
    const steps = this.#steps
    this.#steps = []
    this.#carryOut(steps)
  }

  /** False when the steps are back in the queue. */
  #carryOut(steps: readonly Step[]): boolean {
    const need = needOf(steps)
    const begunAt = this.#clock.monotonic()
    try {
      this.#begin(need)
    } catch (error) {
      if (this.#waitsFor(error, steps)) return false
      this.#refuse(steps, error)
      return true
    }
    const isWriting = need !== 'read'
    let results: readonly unknown[]
    try {
      results = steps.map((step) => step.run())
      if (need === 'write' || need === 'accept') this.#watch.assertInPlace()
      this.#connection.commit()
    } catch (error) {
      this.#connection.rollback()
      this.#isolate(steps, error)
      return true
    }
    const counters = this.#counters.commits[commitKind(need)]
    counters.steps += steps.length
    counters.duration.observe(this.#clock.monotonic() - begunAt)
    for (const [index, step] of steps.entries()) step.settle(results[index])
    if (isWriting) this.#afterCommit()
    return true
  }

  /** Finds the step at fault by giving each a transaction of its own. */
  #isolate(steps: readonly Step[], error: unknown): void {
    if (steps.length === 1) {
      this.#refuse(steps, error)
      return
    }
    for (const [index, step] of steps.entries()) {
      if (this.#carryOut([step])) continue
      // Locked in between: what follows keeps its place behind the step that waits.
      this.#steps.splice(1, 0, ...steps.slice(index + 1))
      return
    }
  }

  #refuse(steps: readonly Step[], error: unknown): void {
    // An answer of a step, such as that the execution is another's, is no fault of the database.
    if (!(error instanceof CloacaError)) this.#counters.refused += steps.length
    this.#watch.suspect(error)
    for (const step of steps) step.fail(refused(this.#connection.path, error))
  }

  #begin(need: StepNeed): void {
    if (need === 'progress') this.#watch.assertInPlaceLately()
    else this.#watch.assertInPlace()
    if (need === 'read') this.#connection.beginRead()
    else this.#connection.beginWrite(this.#syncs && need === 'accept' ? 'synced' : 'kept')
    this.#lockedSince = null
  }

  /** Puts the steps back, before those asked for since, when the lock may still come free. */
  #waitsFor(error: unknown, steps: readonly Step[]): boolean {
    if (!isLocked(error)) return false
    const now = this.#clock.monotonic()
    this.#counters.locked += 1
    this.#lockedSince ??= now
    if (now - this.#lockedSince >= GIVE_UP_AFTER_MS) {
      this.#lockedSince = null
      return false
    }
    this.#steps.unshift(...steps)
    this.#isFlushDue = true
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS + (now - this.#lockedSince))
    this.#clock.wakeAfter(pauseMs, () => this.#flush())
    return true
  }
}

/** The strictest first. */
const NEEDS: readonly StepNeed[] = ['accept', 'write', 'progress']

/** What the strictest of them needs. */
function needOf(steps: readonly Step[]): StepNeed {
  return NEEDS.find((need) => steps.some((step) => step.need === need)) ?? 'read'
}

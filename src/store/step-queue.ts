/**
 * Group commit. The store asks for steps; those of one turn of the event loop are carried out in order in one
 * transaction, and each promise settles after the commit. A step is synchronous and touches nothing but the database,
 * because a batch of which one step fails is rolled back and run again, one transaction a step.
 *
 *   idle ──add──▶ waiting for the end of the turn ──▶ BEGIN, steps, COMMIT ──▶ all settled ──▶ idle
 *                                                          └─ a step or the commit fails ──▶ ROLLBACK ──▶ each alone
 */

import type { Connection } from './connection.ts'
import { closed, refused } from './failures.ts'

/** `read` writes nothing; `accept` must survive a power cut once it is answered; `write` may cost a repetition. */
export type StepNeed = 'read' | 'write' | 'accept'

interface Step {
  readonly need: StepNeed
  readonly run: () => unknown
  readonly settle: (value: unknown) => void
  readonly fail: (error: Error) => void
}

export class StepQueue {
  readonly #connection: Connection
  /** False: nothing is synced, by the user's choice. */
  readonly #syncs: boolean
  #steps: Step[] = []
  #isClosed = false

  constructor(connection: Connection, syncs: boolean) {
    this.#connection = connection
    this.#syncs = syncs
  }

  add<Result>(need: StepNeed, run: () => Result): Promise<Result> {
    if (this.#isClosed) return Promise.reject(closed(this.#connection.path))
    return new Promise<Result>((resolve, reject) => {
      this.#steps.push({ need, run, settle: (value) => resolve(value as Result), fail: reject })
      // The end of the turn, not an instant: no clock is asked.
      if (this.#steps.length === 1) setImmediate(() => this.#flush())
    })
  }

  /** Refuses further steps. Those asked for are still carried out. */
  close(): void {
    this.#isClosed = true
  }

  #flush(): void {
    const steps = this.#steps
    this.#steps = []
    this.#carryOut(steps)
  }

  #carryOut(steps: readonly Step[]): void {
    try {
      this.#begin(steps)
    } catch (error) {
      // Not one step's fault, and every further try would wait for the lock again.
      for (const step of steps) step.fail(refused(this.#connection.path, error))
      return
    }
    let results: readonly unknown[]
    try {
      results = steps.map((step) => step.run())
      this.#connection.commit()
    } catch (error) {
      this.#connection.rollback()
      this.#isolate(steps, error)
      return
    }
    for (const [index, step] of steps.entries()) step.settle(results[index])
  }

  /** Finds the step at fault by giving each a transaction of its own. */
  #isolate(steps: readonly Step[], error: unknown): void {
    if (steps.length > 1) for (const step of steps) this.#carryOut([step])
    else for (const step of steps) step.fail(refused(this.#connection.path, error))
  }

  #begin(steps: readonly Step[]): void {
    if (steps.every((step) => step.need === 'read')) this.#connection.beginRead()
    else {
      const isAccepting = this.#syncs && steps.some((step) => step.need === 'accept')
      this.#connection.beginWrite(isAccepting ? 'synced' : 'kept')
    }
  }
}

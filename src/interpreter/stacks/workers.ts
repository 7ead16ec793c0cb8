/**
 * Has Python's workers (`python/cloaca/_engine/workers.py`) make the polls and run the tasks that wait. Used by `interpreter.ts`.
 *
 * A worker is a stack. Getting control back while something waits means that every worker is suspended inside a poll or a
 * task, or has had its time slice: then one that rests goes on, or else another is entered.
 */

import type { PyCallable } from 'pyodide/ffi'
import type { StackToken } from '../../border/protocol.ts'
import { suspendNextOn } from './suspension.ts'

/** So many stacks are kept for what comes next; a new one costs 20 to 200 µs (Node 26.10). */
const MOST_RESTING = 4

/** The functions of Python that it needs. */
export interface WorkerCalls {
  readonly work: PyCallable
  readonly countWaiting: PyCallable
  readonly takeSkipped: PyCallable
}

export interface WorkerEvents {
  /** These polls skipped. */
  skipped(tokens: readonly StackToken[]): void
  /** A worker has done what there was to do for now. */
  rested(): void
  /** A worker died: Python can never run again. */
  failed(error: unknown): void
}

export class Workers {
  readonly #calls: WorkerCalls
  readonly #events: WorkerEvents
  readonly #resting: (() => void)[] = []
  /** Set while something waits for a worker. */
  #isPumping = false
  /** Whether something waits. Null: a worker went on and has not rested since, so only Python knows. */
  #isLeft: boolean | null = false

  constructor(calls: WorkerCalls, events: WorkerEvents) {
    this.#calls = calls
    this.#events = events
  }

  /** Something was added that waits for a worker. */
  wake(): void {
    this.#isLeft = true
    if (this.#isPumping) return
    this.#isPumping = true
    this.#pump()
  }

  /**
   * Called by a worker that has nothing to do, or has had its time slice: whether it shall be suspended, or else end.
   * It says what Python would have to be asked for, since each call into Python costs as much as a poll.
   */
  rest(isLeft: boolean, hasSkipped: boolean): boolean {
    this.#isLeft = isLeft
    if (hasSkipped) this.#tellSkipped()
    this.#events.rested()
    if (this.#resting.length >= MOST_RESTING) return false
    suspendNextOn(new Promise((resolve) => this.#resting.push(() => resolve(0))))
    return true
  }

  #pump(): void {
    if (this.#isLeft === null) {
      this.#tellSkipped()
      this.#isLeft = Number(this.#calls.countWaiting()) > 0
    }
    if (!this.#isLeft) {
      this.#isPumping = false
      return
    }
    this.#isLeft = null
    const goOn = this.#resting.pop()
    if (goOn === undefined) this.#calls.work.callPromising().catch(this.#events.failed)
    else goOn()
    setImmediate(() => this.#pump())
  }

  #tellSkipped(): void {
    const tokens: readonly StackToken[] = Array.from(this.#calls.takeSkipped() as Int32Array)
    if (tokens.length > 0) this.#events.skipped(tokens)
  }
}

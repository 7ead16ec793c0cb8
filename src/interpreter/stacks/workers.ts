/**
 * Makes Python's workers (`python/cloaca/_engine/workers.py`) run the waiting polls and tasks. Used by
 * `interpreter.ts`.
 *
 * A worker is a stack. If JavaScript runs again while calls wait, every worker is suspended in a poll or a task, or its
 * time slice ended. Then a resting worker continues, or a new one is entered.
 */

import type { PyCallable } from 'pyodide/ffi'
import type { StackToken } from '../../border/protocol.ts'
import { suspendNextOn } from './suspension.ts'

/** Number of stacks that are kept for later work; a new one costs 20 to 200 µs (Node 26.10). */
const MAX_RESTING = 4

export interface WorkerCalls {
  readonly work: PyCallable
  readonly countWaiting: PyCallable
  readonly takeSkipped: PyCallable
}

export interface WorkerEvents {
  skipped(tokens: readonly StackToken[]): void
  rested(): void
  /** Reports that a worker died, so that Python can never run again. */
  failed(error: unknown): void
}

export class Workers {
  readonly #calls: WorkerCalls
  readonly #events: WorkerEvents
  readonly #resting: (() => void)[] = []
  #isPumping = false
  /** Whether calls wait. Null: a worker continued and has not rested since, so only Python knows. */
  #isLeft: boolean | null = false

  constructor(calls: WorkerCalls, events: WorkerEvents) {
    this.#calls = calls
    this.#events = events
  }

  wake(): void {
    this.#isLeft = true
    if (this.#isPumping) return
    this.#isPumping = true
    this.#pump()
  }

  /**
   * Returns whether a worker without work, or after its time slice, is suspended instead of ended. Its arguments save a
   * call into Python, which costs as much as a poll.
   */
  rest(isLeft: boolean, hasSkipped: boolean): boolean {
    this.#isLeft = isLeft
    if (hasSkipped) this.#tellSkipped()
    this.#events.rested()
    if (this.#resting.length >= MAX_RESTING) return false
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

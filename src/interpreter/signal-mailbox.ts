/**
 * Memory that Python checks between two steps of its interpreter, even while it computes. The control thread
 * (`native/control_thread.cc`) writes it, and the interpreter's main thread reads it. No signal is lost or repeated:
 * a signal stays in the mailbox until Python takes it.
 *
 * Byte 0 is Pyodide's interrupt buffer, which holds only one signal. So it always holds the same signal, which means
 * "check the mailbox". The words after it contain the details; control_thread.cc uses the same layout.
 */

import type { StackToken } from '../border/protocol.ts'

/** SIGUSR2, the only signal that the interrupt buffer contains. */
const LOOK_HERE = 12

/** Acknowledgement of the engine without a signal, because the terminal sent its signal to this process as well. */
export const NO_SIGNAL = 0

/** Token of the overdue stack, negated for a cancelled one. */
const OVERDUE_TOKEN = 0
const SIGNALS_BELOW_32 = 1
const SIGNALS_FROM_32 = 2
/** Number of acknowledgements of the engine. */
const ACKNOWLEDGEMENTS = 3
/** Number of interrupts that reached another stack than the intended one. */
const MISSES = 4
/** 1: an interrupt that Python has not seen was sent. */
const IS_INTERRUPTING = 5
/** 1: the running stack must let other stacks run. */
const IS_SLICE_OVER = 6
/** 1: the time of attempts with limits has passed. */
const IS_RUN_OVER = 7
const WORDS = 8

/** Answers of `check`, as bits. */
const HAS_SIGNALS_BIT = 1
const IS_OVERDUE_BIT = 2
const IS_SLICE_OVER_BIT = 4
const IS_CANCELLED_BIT = 8

const BITS = 32
const LONGEST_ACKNOWLEDGEMENT_MS = 1_000
/** Interval of checks, because the control thread is not a thread of V8 and cannot end an `Atomics.wait`. */
const ACKNOWLEDGED_WITHIN_MS = 0.2

export class SignalMailbox {
  readonly buffer: SharedArrayBuffer
  readonly #interrupt: Uint8Array
  readonly #words: Int32Array

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(4 + 4 * WORDS)) {
    this.buffer = buffer
    this.#interrupt = new Uint8Array(buffer, 0, 1)
    this.#words = new Int32Array(buffer, 4, WORDS)
  }

  get interruptBuffer(): Uint8Array {
    return this.#interrupt
  }

  requestCheck(): void {
    Atomics.store(this.#interrupt, 0, LOOK_HERE)
  }

  /** Adds a signal. Called by the control worker, as the next three; the control thread has its own functions. */
  raise(signum: number): void {
    Atomics.or(this.#words, signum < BITS ? SIGNALS_BELOW_32 : SIGNALS_FROM_32, 1 << (signum % BITS))
    this.requestCheck()
  }

  /** Stops the stack with this token if it is running. Returns how many such calls so far reached another stack. */
  interrupt(token: StackToken): number {
    Atomics.store(this.#words, OVERDUE_TOKEN, token)
    Atomics.store(this.#words, IS_INTERRUPTING, 1)
    this.requestCheck()
    return Atomics.load(this.#words, MISSES)
  }

  endSlice(): void {
    Atomics.store(this.#words, IS_SLICE_OVER, 1)
    this.requestCheck()
  }

  /** Sets whether the time of attempts with limits has passed. */
  runIsOver(isOver: boolean): void {
    Atomics.store(this.#words, IS_RUN_OVER, isOver ? 1 : 0)
    if (isOver) this.requestCheck()
  }

  get isRunOver(): boolean {
    return Atomics.load(this.#words, IS_RUN_OVER) === 1
  }

  acknowledge(): void {
    Atomics.add(this.#words, ACKNOWLEDGEMENTS, 1)
  }

  get hasSignals(): boolean {
    return Atomics.load(this.#words, SIGNALS_BELOW_32) !== 0 || Atomics.load(this.#words, SIGNALS_FROM_32) !== 0
  }

  /**
   * Returns the news for a stack as bits. Reports the end of a time slice once. `limited`: stacks of attempts with
   * limits.
   */
  check(token: StackToken, limited: ReadonlySet<StackToken>): number {
    const words = this.#words
    const meant = token === 0 ? 0 : Atomics.load(words, OVERDUE_TOKEN)
    const isOverdue = meant !== 0 && meant === token
    const isCancelled = (meant !== 0 && meant === -token) || (limited.has(token) && this.isRunOver)
    if (Atomics.exchange(words, IS_INTERRUPTING, 0) === 1 && !isOverdue && !isCancelled) Atomics.add(words, MISSES, 1)
    const isSliceOver = Atomics.exchange(words, IS_SLICE_OVER, 0) === 1
    return (
      (this.hasSignals ? HAS_SIGNALS_BIT : 0) |
      (isOverdue ? IS_OVERDUE_BIT : 0) |
      (isSliceOver ? IS_SLICE_OVER_BIT : 0) |
      (isCancelled ? IS_CANCELLED_BIT : 0)
    )
  }

  get isAsking(): boolean {
    const words = [SIGNALS_BELOW_32, SIGNALS_FROM_32, IS_INTERRUPTING, IS_SLICE_OVER]
    return words.some((word) => Atomics.load(this.#words, word) !== 0)
  }

  static isStopping(found: number): boolean {
    return (found & (IS_OVERDUE_BIT | IS_CANCELLED_BIT)) !== 0
  }

  /** Blocks the process until the engine acknowledges the request of `ask`. Only `acknowledge` ends the wait. */
  waitFor(ask: () => void): void {
    const before = Atomics.load(this.#words, ACKNOWLEDGEMENTS)
    ask()
    const until = performance.now() + LONGEST_ACKNOWLEDGEMENT_MS
    while (Atomics.load(this.#words, ACKNOWLEDGEMENTS) === before && performance.now() < until) {
      Atomics.wait(this.#words, ACKNOWLEDGEMENTS, before, ACKNOWLEDGED_WITHIN_MS)
    }
  }

  /** Takes all signals out, smallest number first. */
  take(): number[] {
    const low = Atomics.exchange(this.#words, SIGNALS_BELOW_32, 0)
    const high = Atomics.exchange(this.#words, SIGNALS_FROM_32, 0)
    const signals: number[] = []
    for (let bit = 0; bit < BITS; bit++) if (low & (1 << bit)) signals.push(bit)
    for (let bit = 0; bit < BITS; bit++) if (high & (1 << bit)) signals.push(BITS + bit)
    return signals
  }
}

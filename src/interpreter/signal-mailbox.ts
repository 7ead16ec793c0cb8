/**
 * Where Python checks between two steps, whatever it computes: memory that the control thread (`native/control_thread.cc`)
 * writes and the interpreter's main thread reads. Nothing that was raised is lost or repeated: a signal stays in the
 * mailbox until Python takes it.
 *
 * Byte 0 is Pyodide's interrupt buffer, which holds one signal only, so it always holds the same one and means "check here".
 * The words behind it say what there is to see; control_thread.cc knows them too.
 */

import type { StackToken } from '../border/protocol.ts'

/** SIGUSR2, the one signal that Python's own machinery ever sees. */
const LOOK_HERE = 12

/** In place of a signal: the engine was heard, whose copy of one that a terminal sent is none of its own. */
export const NO_SIGNAL = 0

/** Token of the stack that is overdue; below 0 of one that is cancelled. */
const OVERDUE_TOKEN = 0
/** A bit for each signal that waits. */
const SIGNALS_BELOW_32 = 1
const SIGNALS_FROM_32 = 2
/** How often the engine has done what the interpreter waited for. */
const ACKNOWLEDGEMENTS = 3
/** How many interrupts met another stack than they were meant for. */
const MISSES = 4
/** 1: an interrupt was sent that Python has not seen. */
const IS_INTERRUPTING = 5
/** 1: the stack that runs shall give way to others. */
const IS_SLICE_OVER = 6
const WORDS = 7

/** Answers of `check`, as bits. */
const HAS_SIGNALS_BIT = 1
const IS_OVERDUE_BIT = 2
const IS_SLICE_OVER_BIT = 4
const IS_CANCELLED_BIT = 8

const BITS = 32
const LONGEST_ACKNOWLEDGEMENT_MS = 1_000
/** The control thread is not V8's, and cannot end an `Atomics.wait`. */
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

  /** What Pyodide watches. */
  get interruptBuffer(): Uint8Array {
    return this.#interrupt
  }

  /** Has Python check, for what it does now and then. */
  requestCheck(): void {
    Atomics.store(this.#interrupt, 0, LOOK_HERE)
  }

  /** Puts a signal in. This and the next three are the control worker's; the control thread has its own. */
  raise(signum: number): void {
    Atomics.or(this.#words, signum < BITS ? SIGNALS_BELOW_32 : SIGNALS_FROM_32, 1 << (signum % BITS))
    this.requestCheck()
  }

  /** Stops the stack with this token if it is the one that runs. Returns how many such calls so far met another one. */
  interrupt(token: StackToken): number {
    Atomics.store(this.#words, OVERDUE_TOKEN, token)
    Atomics.store(this.#words, IS_INTERRUPTING, 1)
    this.requestCheck()
    return Atomics.load(this.#words, MISSES)
  }

  /** Asks the stack that runs to give way to others. */
  endSlice(): void {
    Atomics.store(this.#words, IS_SLICE_OVER, 1)
    this.requestCheck()
  }

  /** The engine has done what the interpreter waits for. */
  acknowledge(): void {
    Atomics.add(this.#words, ACKNOWLEDGEMENTS, 1)
  }

  get hasSignals(): boolean {
    return Atomics.load(this.#words, SIGNALS_BELOW_32) !== 0 || Atomics.load(this.#words, SIGNALS_FROM_32) !== 0
  }

  /** What there is for the stack with this token, as bits; the end of a time slice is said once. */
  check(token: StackToken): number {
    const words = this.#words
    const meant = token === 0 ? 0 : Atomics.load(words, OVERDUE_TOKEN)
    const isOverdue = meant !== 0 && meant === token
    const isCancelled = meant !== 0 && meant === -token
    if (Atomics.exchange(words, IS_INTERRUPTING, 0) === 1 && !isOverdue && !isCancelled) Atomics.add(words, MISSES, 1)
    const isSliceOver = Atomics.exchange(words, IS_SLICE_OVER, 0) === 1
    return (
      (this.hasSignals ? HAS_SIGNALS_BIT : 0) |
      (isOverdue ? IS_OVERDUE_BIT : 0) |
      (isSliceOver ? IS_SLICE_OVER_BIT : 0) |
      (isCancelled ? IS_CANCELLED_BIT : 0)
    )
  }

  /** Whether there is anything for `check` to find. */
  get isAsking(): boolean {
    const words = [SIGNALS_BELOW_32, SIGNALS_FROM_32, IS_INTERRUPTING, IS_SLICE_OVER]
    return words.some((word) => Atomics.load(this.#words, word) !== 0)
  }

  /** Whether an answer of `check` stops or cancels the stack. */
  static isStopping(found: number): boolean {
    return (found & (IS_OVERDUE_BIT | IS_CANCELLED_BIT)) !== 0
  }

  /** Blocks the process until the engine has acknowledged what `ask` asks for. Nobody can wake it: see `acknowledge`. */
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

/**
 * The memory that the engine's thread and an interpreter's thread share to interrupt Python between two steps. Written
 * by the engine's thread (`thread.ts`, `watchdog.ts`, `turns.ts`), read by `worker.ts`. Nothing that was raised is lost or
 * repeated: a signal stays in the mailbox until Python takes it.
 *
 * Byte 0 is Pyodide's interrupt buffer, which holds one signal only, so it always holds the same one and means "look here".
 * The words behind it say what there is to see.
 */

import type { StackToken } from '../border/protocol.ts'

/** SIGUSR2, the one signal that Python's own machinery ever sees. */
const LOOK_HERE = 12

/** Token of the stack that is overdue. */
const OVERDUE_TOKEN = 0
/** A bit for each signal that waits. */
const SIGNALS_BELOW_32 = 1
const SIGNALS_FROM_32 = 2
/** How often the engine's thread has done what the interpreter's thread waited for. */
const ACKNOWLEDGEMENTS = 3
/** How many interrupts met another stack than they were meant for. */
const MISSES = 4
/** 1: an interrupt was sent that Python has not seen. */
const IS_INTERRUPTING = 5
/** 1: the stack that runs shall give way to others. */
const IS_TURN_OVER = 6
const WORDS = 7

/** Answers of `look`, as bits. */
const HAS_SIGNALS_BIT = 1
const IS_OVERDUE_BIT = 2
const IS_TURN_OVER_BIT = 4

const BITS = 32
const LONGEST_ACKNOWLEDGEMENT_MS = 1_000

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

  /** Makes Python look, for what it does now and then. */
  nudge(): void {
    Atomics.store(this.#interrupt, 0, LOOK_HERE)
  }

  /** Puts a signal in. */
  raise(signum: number): void {
    Atomics.or(this.#words, signum < BITS ? SIGNALS_BELOW_32 : SIGNALS_FROM_32, 1 << (signum % BITS))
    this.nudge()
  }

  /** Stops the stack with this token if it is the one that runs. */
  interrupt(token: StackToken): void {
    Atomics.store(this.#words, OVERDUE_TOKEN, token)
    Atomics.store(this.#words, IS_INTERRUPTING, 1)
    this.nudge()
  }

  /** How many interrupts met another stack than they were meant for: so many times others were computing. */
  get misses(): number {
    return Atomics.load(this.#words, MISSES)
  }

  /** Asks the stack that runs to give way to others. */
  endTurn(): void {
    Atomics.store(this.#words, IS_TURN_OVER, 1)
    this.nudge()
  }

  /** What there is for the stack with this token, as bits; the end of a turn is said once. */
  look(token: StackToken): number {
    const words = this.#words
    const hasSignals = Atomics.load(words, SIGNALS_BELOW_32) !== 0 || Atomics.load(words, SIGNALS_FROM_32) !== 0
    const isOverdue = token !== 0 && Atomics.load(words, OVERDUE_TOKEN) === token
    if (Atomics.exchange(words, IS_INTERRUPTING, 0) === 1 && !isOverdue) Atomics.add(words, MISSES, 1)
    const isTurnOver = Atomics.exchange(words, IS_TURN_OVER, 0) === 1
    return (hasSignals ? HAS_SIGNALS_BIT : 0) | (isOverdue ? IS_OVERDUE_BIT : 0) | (isTurnOver ? IS_TURN_OVER_BIT : 0)
  }

  /** Whether an answer of `look` tells the stack to stop. */
  static isOverdue(found: number): boolean {
    return (found & IS_OVERDUE_BIT) !== 0
  }

  /** The engine's thread has done what the interpreter's thread waits for. */
  acknowledge(): void {
    Atomics.add(this.#words, ACKNOWLEDGEMENTS, 1)
    Atomics.notify(this.#words, ACKNOWLEDGEMENTS)
  }

  /** Blocks the interpreter's thread until what `ask` asks for is acknowledged. */
  waitFor(ask: () => void): void {
    const before = Atomics.load(this.#words, ACKNOWLEDGEMENTS)
    ask()
    Atomics.wait(this.#words, ACKNOWLEDGEMENTS, before, LONGEST_ACKNOWLEDGEMENT_MS)
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

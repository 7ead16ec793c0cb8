/**
 * The memory that the engine's thread and an interpreter's thread share to interrupt Python between two steps. Written
 * by the engine's thread (`thread.ts`, `watchdog.ts`), read by `worker.ts`. Nothing that was raised is lost or repeated:
 * a signal stays in the mailbox until Python takes it.
 *
 * Layout: byte 0 is Pyodide's interrupt buffer, which holds one signal only, so it always holds the same one and means
 * "look here"; Int32 1 is the token of the stack that is overdue; Int32 2 and 3 are a bit for each signal that waits;
 * Int32 4 counts the acknowledgements of the engine's thread, Int32 5 the interrupts that met another stack.
 */

import type { StackToken } from './protocol.ts'

const MAILBOX_BYTES = 24
const LONGEST_ACKNOWLEDGEMENT_MS = 1_000
/** SIGUSR2, the one signal that Python's own machinery ever sees. */
const LOOK_HERE = 12
const BITS = 32

export class SignalMailbox {
  readonly buffer: SharedArrayBuffer
  readonly #interrupt: Uint8Array
  readonly #words: Int32Array

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(MAILBOX_BYTES)) {
    this.buffer = buffer
    this.#interrupt = new Uint8Array(buffer, 0, 1)
    this.#words = new Int32Array(buffer, 4, 5)
  }

  /** What Pyodide watches. */
  get interruptBuffer(): Uint8Array {
    return this.#interrupt
  }

  /** Puts a signal in and makes Python look. */
  raise(signum: number): void {
    Atomics.or(this.#words, signum < BITS ? 1 : 2, 1 << (signum % BITS))
    Atomics.store(this.#interrupt, 0, LOOK_HERE)
  }

  /** Makes Python look whether the stack that runs is the one with this token. */
  interrupt(token: StackToken): void {
    Atomics.store(this.#words, 0, token)
    Atomics.store(this.#interrupt, 0, LOOK_HERE)
  }

  /** The token of the last `interrupt`. */
  get target(): StackToken {
    return Atomics.load(this.#words, 0)
  }

  /** Makes Python look, for what it does now and then. */
  nudge(): void {
    Atomics.store(this.#interrupt, 0, LOOK_HERE)
  }

  /** An interrupt met a stack that it was not meant for. */
  miss(): void {
    Atomics.add(this.#words, 4, 1)
  }

  /** How many did. */
  get misses(): number {
    return Atomics.load(this.#words, 4)
  }

  /** The engine's thread has done what the interpreter's thread waits for. */
  acknowledge(): void {
    Atomics.add(this.#words, 3, 1)
    Atomics.notify(this.#words, 3)
  }

  /** Blocks the interpreter's thread until what `ask` asks for is acknowledged. */
  waitFor(ask: () => void): void {
    const before = Atomics.load(this.#words, 3)
    ask()
    Atomics.wait(this.#words, 3, before, LONGEST_ACKNOWLEDGEMENT_MS)
  }

  /** Takes all signals out, smallest number first. */
  take(): number[] {
    const low = Atomics.exchange(this.#words, 1, 0)
    const high = Atomics.exchange(this.#words, 2, 0)
    const signals: number[] = []
    for (let bit = 0; bit < BITS; bit++) if (low & (1 << bit)) signals.push(bit)
    for (let bit = 0; bit < BITS; bit++) if (high & (1 << bit)) signals.push(BITS + bit)
    return signals
  }
}

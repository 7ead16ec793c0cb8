/**
 * Sends outcomes of polls and attempts to the engine in batches: those of one tick of the event loop together, but not
 * too many, so that the engine stores the first ones while Python continues.
 */

import { FrameError } from '../border/frames.ts'
import type { FromInterpreter, Outcome, StackToken } from '../border/protocol.ts'

/**
 * Maximum number of outcomes in a message. A fan-out of 1,000 tasks in 64 slots took 34 µs a task with 16, 37 µs with 8
 * or 32, and 61 µs without a limit. Skips are not limited, because the engine stores none of them immediately.
 */
const MAX_OUTCOMES = 16

export class OutcomeBatch {
  readonly #send: (message: FromInterpreter) => void
  #notStarted: StackToken[] = []
  #skipped: readonly StackToken[] = []
  #tokens: StackToken[] = []
  #outcomes: Outcome[] = []
  #isPlanned = false

  constructor(send: (message: FromInterpreter) => void) {
    this.#send = send
  }

  /** Sent before the outcomes, because the engine sends new requests after them, this one first. */
  addNotStarted(token: StackToken): void {
    this.#notStarted.push(token)
    this.#plan()
  }

  addSkipped(tokens: readonly StackToken[]): void {
    this.#skipped = this.#skipped.length === 0 ? tokens : [...this.#skipped, ...tokens]
    this.#plan()
  }

  add(token: StackToken, outcome: Outcome): void {
    this.#tokens.push(token)
    this.#outcomes.push(outcome)
    if (this.#outcomes.length >= MAX_OUTCOMES) this.flush()
    else this.#plan()
  }

  flush(): void {
    if (this.#notStarted.length > 0) {
      this.#send({ type: 'notStarted', tokens: this.#notStarted })
      this.#notStarted = []
    }
    const [skipped, tokens, outcomes] = [this.#skipped, this.#tokens, this.#outcomes]
    if (skipped.length === 0 && outcomes.length === 0) return
    this.#skipped = []
    this.#tokens = []
    this.#outcomes = []
    try {
      this.#send({ type: 'outcomes', skipped, tokens, outcomes })
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      this.#sendEach(skipped, tokens, outcomes)
    }
  }

  /** Sends each outcome alone, because all together are too large. A single outcome that is too large fails. */
  #sendEach(skipped: readonly StackToken[], tokens: readonly StackToken[], outcomes: readonly Outcome[]): void {
    this.#send({ type: 'outcomes', skipped, tokens: [], outcomes: [] })
    for (const [index, outcome] of outcomes.entries()) {
      const token = tokens.slice(index, index + 1)
      try {
        this.#send({ type: 'outcomes', skipped: [], tokens: token, outcomes: [outcome] })
      } catch (error) {
        if (!(error instanceof FrameError)) throw error
        this.#send({ type: 'outcomes', skipped: [], tokens: token, outcomes: [tooLarge(error)] })
      }
    }
  }

  #plan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    setImmediate(() => {
      this.#isPlanned = false
      this.flush()
    })
  }
}

function tooLarge({ message }: FrameError): Outcome {
  return { kind: 'failed', error: { type: 'OverflowError', message, traceback: '' } }
}

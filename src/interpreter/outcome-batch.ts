/**
 * Outcomes of polls and attempts on their way to the engine. What a worker brings about before it rests travels in one
 * message, but not many outcomes: while the engine stores the first ones, Python goes on with what it has. What stacks bring about that
 * waited in between travels with the others of the same tick of the event loop.
 */

import { FrameError } from '../border/frames.ts'
import type { FromInterpreter, Outcome, StackToken } from '../border/protocol.ts'

/**
 * A fan-out of 1,000 tasks in 64 slots took 61 µs a task when each slot's outcome travelled with all others, and takes 34 µs with 16;
 * with 8 or 32 it is 37 µs. Skips, of which there are far more, are nothing that the engine stores at once.
 */
const MOST_OUTCOMES = 16

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

  /** Sent before the outcomes, which let the engine send other requests: it sends this one again first. */
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
    if (this.#outcomes.length >= MOST_OUTCOMES) this.flush()
    else this.#plan()
  }

  /** Sends what there is. */
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

  /** Together they are too large, or one of them is, which is then the failure of that one. */
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

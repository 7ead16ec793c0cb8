/**
 * Outcomes of polls and attempts on their way to the engine. What a worker brings about before it rests travels in one
 * message; what stacks bring about that waited in between, with the others of the same turn of the event loop.
 */

import { FrameError } from '../border/frames.ts'
import type { FromInterpreter, OutcomeMessage, StackToken } from '../border/protocol.ts'

export class OutcomeBatch {
  readonly #send: (message: FromInterpreter) => void
  #skipped: readonly StackToken[] = []
  #outcomes: OutcomeMessage[] = []
  #isPlanned = false

  constructor(send: (message: FromInterpreter) => void) {
    this.#send = send
  }

  addSkipped(tokens: readonly StackToken[]): void {
    this.#skipped = this.#skipped.length === 0 ? tokens : [...this.#skipped, ...tokens]
    this.#plan()
  }

  add(outcome: OutcomeMessage): void {
    this.#outcomes.push(outcome)
    this.#plan()
  }

  /** Sends what there is. */
  flush(): void {
    const [skipped, outcomes] = [this.#skipped, this.#outcomes]
    if (skipped.length === 0 && outcomes.length === 0) return
    this.#skipped = []
    this.#outcomes = []
    try {
      this.#send({ type: 'outcomes', skipped, outcomes })
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      this.#sendEach(skipped, outcomes)
    }
  }

  /** Together they are too large, or one of them is, which is then the failure of that one. */
  #sendEach(skipped: readonly StackToken[], outcomes: readonly OutcomeMessage[]): void {
    this.#send({ type: 'outcomes', skipped, outcomes: [] })
    for (const outcome of outcomes) {
      try {
        this.#send({ type: 'outcomes', skipped: [], outcomes: [outcome] })
      } catch (error) {
        if (!(error instanceof FrameError)) throw error
        this.#send({ type: 'outcomes', skipped: [], outcomes: [tooLarge(outcome.token, error)] })
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

function tooLarge(token: StackToken, { message }: FrameError): OutcomeMessage {
  return { token, kind: 'failed', contextText: null, errorType: 'OverflowError', errorMessage: message, traceback: '' }
}

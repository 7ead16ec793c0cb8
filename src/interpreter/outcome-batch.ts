/** Outcomes of polls and attempts on their way to the engine: those of one turn of the event loop travel in one message. */

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

  #plan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    setImmediate(() => {
      const [skipped, outcomes] = [this.#skipped, this.#outcomes]
      this.#isPlanned = false
      this.#skipped = []
      this.#outcomes = []
      this.#send({ type: 'outcomes', skipped, outcomes })
    })
  }
}

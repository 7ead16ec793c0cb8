/** Polls that come in one tick of the event loop go to the interpreter in one message. Owned by `interpreter-process.ts`. */

import type { StackToken, ToInterpreter } from '../../border/protocol.ts'

/** A larger batch goes in parts, so that Python works on the first while the rest is gathered. */
const LARGEST_BATCH = 512

export class PollBatch {
  readonly #post: (message: ToInterpreter) => void
  #tokens: StackToken[] = []
  #triggers: number[] = []

  constructor(post: (message: ToInterpreter) => void) {
    this.#post = post
  }

  add(token: StackToken, trigger: number): void {
    this.#triggers.push(trigger)
    if (this.#tokens.push(token) === 1) queueMicrotask(() => this.#send())
    else if (this.#tokens.length === LARGEST_BATCH) this.#send()
  }

  #send(): void {
    if (this.#tokens.length === 0) return
    const tokens = this.#tokens
    const triggers = this.#triggers
    this.#tokens = []
    this.#triggers = []
    this.#post({ type: 'polls', tokens, triggers })
  }
}

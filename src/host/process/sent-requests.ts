/**
 * Sends requests to an interpreter, and settles each of them once. Owned by `interpreter-process.ts`.
 *
 * States of a request, and the moves:
 *   sent        -> settled   its answer has come, or its process has ended
 *   sent        -> sent      it was not started in time, and its `startLimit` was extended: it is sent again, before others
 *   sent        -> settled   it was not started in time, and its `startLimit` is over: `notEntered`
 */

import type { RequestStart, StackToken, ToInterpreter } from '../../border/protocol.ts'
import type { Answer } from './answers.ts'
import { type Open, type OpenRequest, type OpenRequests, startBeforeOf } from './open-requests.ts'
import { LATE } from './outcomes.ts'
import type { Watchdog } from './watchdog.ts'

/** A larger batch goes in parts, so that Python works on the first while the rest is gathered. */
const LARGEST_BATCH = 512

export interface SentRequestsPorts {
  readonly open: OpenRequests
  readonly watchdog: Watchdog
  readonly post: (message: ToInterpreter) => void
  /** Called when a request has been added. */
  readonly added: () => void
}

export class SentRequests {
  readonly #ports: SentRequestsPorts
  readonly #polls: PollBatch

  constructor(ports: SentRequestsPorts) {
    this.#ports = ports
    this.#polls = new PollBatch(ports.post)
  }

  /** Throws a `FrameError` when the message is too large; then the request is not open. */
  send(request: OpenRequest, isAgain = false): void {
    const { open, watchdog, post, added } = this.#ports
    const { label, deadlineMs, message } = request
    const token = open.add(request)
    added()
    if (deadlineMs !== null) watchdog.watch(token, label, deadlineMs)
    const startBefore = startBeforeOf(request)
    if (typeof message === 'number') {
      this.#polls.add(token, message, startBefore, isAgain)
      return
    }
    try {
      post(message(token, { startBefore, isAgain }))
    } catch (error) {
      this.#forget(token) // nobody will answer what was not sent
      throw error
    }
  }

  settle(token: StackToken, answer: Answer): void {
    this.#ports.watchdog.forget(token)
    this.#ports.open.settle(token, answer)
  }

  /** Sends requests again whose limit has moved since, and settles the others. */
  notStarted(tokens: readonly StackToken[]): void {
    for (const token of tokens) {
      const request = this.#ports.open.get(token)
      if (request === undefined) continue
      if (!mayStart(request)) {
        this.settle(token, LATE)
        continue
      }
      this.#forget(token)
      this.send(request, true)
    }
  }

  #forget(token: StackToken): void {
    this.#ports.watchdog.forget(token)
    this.#ports.open.forget(token)
  }
}

/** Returns whether the limit has moved since the request was sent. Reads no clock: the interpreter has decided by its own. */
function mayStart(request: Open): boolean {
  const { sentStartBefore, cancelledBeside } = request
  return cancelledBeside === null && sentStartBefore !== null && (startBeforeOf(request) ?? 0) > sentStartBefore
}

/** Polls that come in one tick of the event loop go to the interpreter in one message, if they share the limit of their start. */
class PollBatch {
  readonly #post: (message: ToInterpreter) => void
  #tokens: StackToken[] = []
  #triggers: number[] = []
  #startBefore: RequestStart['startBefore'] = null
  #isAgain = false

  constructor(post: (message: ToInterpreter) => void) {
    this.#post = post
  }

  add(token: StackToken, trigger: number, startBefore: RequestStart['startBefore'], isAgain: boolean): void {
    if (startBefore !== this.#startBefore || isAgain !== this.#isAgain) this.#send()
    this.#startBefore = startBefore
    this.#isAgain = isAgain
    this.#triggers.push(trigger)
    if (this.#tokens.push(token) === 1) queueMicrotask(() => this.#send())
    else if (this.#tokens.length === LARGEST_BATCH) this.#send()
  }

  #send(): void {
    if (this.#tokens.length === 0) return
    const [tokens, triggers, startBefore, isAgain] = [this.#tokens, this.#triggers, this.#startBefore, this.#isAgain]
    this.#tokens = []
    this.#triggers = []
    this.#post({ type: 'polls', tokens, triggers, startBefore, isAgain })
  }
}

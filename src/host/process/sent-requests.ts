/**
 * Sends requests to an interpreter, and settles each of them once. Owned by `interpreter-process.ts`.
 *
 * States of a request, and the moves:
 *   sent        -> settled   its answer has come, or its process has ended
 *   sent        -> sent      it was late, but its `startLimit` was extended: it is sent again, before others
 *   sent        -> settled   it was late, and its `startLimit` is over: `notStarted`
 */

import type { RequestStart, StackToken, ToInterpreter } from '../../border/protocol.ts'
import type { CallResult } from './call-answers.ts'
import { NOT_STARTED_IN_TIME } from './call-outcomes.ts'
import {
  encodeStartBefore,
  type OpenedRequest,
  type OpenRequest,
  type OpenRequests,
  type StatePoll,
} from './open-requests.ts'
import type { RunLimits } from './supervision/run-limits.ts'
import type { Watchdog } from './watchdog.ts'

/** Larger batches are split, so that Python works on the first part while the rest is gathered. */
const MAX_BATCH = 512
/** Length of all states of a message from which it is sent, for the same reason. */
const MAX_STATE_UNITS = 262_144
/** JSON text cannot contain it. */
const BETWEEN_STATES = '\0'

export interface SentRequestsPorts {
  readonly open: OpenRequests
  readonly watchdog: Watchdog
  readonly runLimits: RunLimits
  readonly post: (message: ToInterpreter) => void
  /** Called when a request has been added. */
  readonly added: () => void
}

export class SentRequests {
  readonly #ports: SentRequestsPorts
  readonly #polls: PollBatch<number>
  readonly #statePolls: PollBatch<StatePoll>

  constructor(ports: SentRequestsPorts) {
    this.#ports = ports
    this.#polls = new PollBatch(
      (triggers, tokens, start) => ports.post({ type: 'polls', tokens, triggers, ...start }),
      () => 0,
    )
    this.#statePolls = new PollBatch(
      (polls, tokens, start) => ports.post({ ...withStates(polls), tokens, ...start }),
      ({ stateText }) => stateText.length,
    )
  }

  /** Throws `FrameError` if the message is too large. The request is then not open. */
  send(request: OpenRequest, isAgain = false): void {
    const { open, watchdog, runLimits, post, added } = this.#ports
    const { label, deadlineMs, runLimit, message } = request
    const token = open.add(request)
    added()
    if (deadlineMs !== null) watchdog.watch(token, label, deadlineMs)
    const startBefore = encodeStartBefore(request)
    if (typeof message === 'number') {
      this.#polls.add(token, message, startBefore, isAgain)
      return
    }
    if (typeof message === 'object') {
      this.#statePolls.add(token, message, startBefore, isAgain)
      return
    }
    if (runLimit !== undefined) runLimits.begin(token, runLimit)
    try {
      post(message(token, { startBefore, isAgain }))
    } catch (error) {
      this.#forget(token)
      throw error
    }
  }

  settle(token: StackToken, result: CallResult): void {
    this.#ports.watchdog.forget(token)
    if (this.#ports.runLimits.ended(token)) this.#ports.open.leaseEnded(token)
    this.#ports.open.settle(token, result)
  }

  /** Resends requests whose limit was extended, and settles the others. */
  notStarted(tokens: readonly StackToken[]): void {
    for (const token of tokens) {
      const request = this.#ports.open.get(token)
      if (request === undefined) continue
      if (!mayStart(request)) {
        this.settle(token, NOT_STARTED_IN_TIME)
        continue
      }
      this.#forget(token)
      this.send(request, true)
    }
  }

  #forget(token: StackToken): void {
    this.#ports.watchdog.forget(token)
    this.#ports.runLimits.ended(token)
    this.#ports.open.forget(token)
  }
}

/** Returns whether the limit was extended after the request was sent. The interpreter's clock has decided. */
function mayStart(request: OpenedRequest): boolean {
  const { sentStartBefore, cancelledBeside } = request
  return cancelledBeside === null && sentStartBefore !== null && (encodeStartBefore(request) ?? 0) > sentStartBefore
}

/** Polls of one tick with the same start limit, which are sent in one message. */
class PollBatch<Poll> {
  readonly #post: (polls: readonly Poll[], tokens: readonly StackToken[], start: RequestStart) => void
  readonly #unitsOf: (poll: Poll) => number
  #tokens: StackToken[] = []
  #polls: Poll[] = []
  #startBefore: RequestStart['startBefore'] = null
  #isAgain = false
  #units = 0

  /** `unitsOf`: length of the texts of a poll. */
  constructor(
    post: (polls: readonly Poll[], tokens: readonly StackToken[], start: RequestStart) => void,
    unitsOf: (poll: Poll) => number,
  ) {
    this.#post = post
    this.#unitsOf = unitsOf
  }

  add(token: StackToken, poll: Poll, startBefore: RequestStart['startBefore'], isAgain: boolean): void {
    if (startBefore !== this.#startBefore || isAgain !== this.#isAgain) this.#send()
    this.#startBefore = startBefore
    this.#isAgain = isAgain
    this.#polls.push(poll)
    this.#units += this.#unitsOf(poll)
    if (this.#tokens.push(token) === 1) queueMicrotask(() => this.#send())
    if (this.#tokens.length === MAX_BATCH || this.#units >= MAX_STATE_UNITS) this.#send()
  }

  #send(): void {
    if (this.#tokens.length === 0) return
    const [tokens, polls, startBefore, isAgain] = [this.#tokens, this.#polls, this.#startBefore, this.#isAgain]
    this.#tokens = []
    this.#polls = []
    this.#units = 0
    this.#post(polls, tokens, { startBefore, isAgain })
  }
}

function withStates(polls: readonly StatePoll[]) {
  const triggers = polls.map(({ trigger }) => trigger)
  const statesText = polls.map(({ stateText }) => stateText).join(BETWEEN_STATES)
  return { type: 'statePolls', triggers, statesText, maxStateBytes: polls[0]?.maxStateBytes ?? 0 } as const
}

/**
 * The logs of polls and attempts on their way to the engine: what they print and log is gathered here and sent a few times a
 * second, and at their end before their outcome. Held by `session.ts`; `script-output.ts` prints into it.
 *
 * An attempt is sent soon, so that little is missing when its interpreter has to be ended. A poll is rather short and as a rule
 * skips, and what a skipping poll says is not kept: it is sent when it has an outcome, or takes long.
 */

import { LogsMessageBuilder } from '../../border/log-pieces.ts'
import type { FromInterpreter, LogLimits, StackToken } from '../../border/protocol.ts'
import type { LogPiece } from '../../model/log.ts'
import { CallLog, type Printed } from '../../output/call-log.ts'
import { type Attempt, MaskedStreams, type SecretMasks } from './secret-masks.ts'

/** Between two messages; after a large one the others have their turn, too. */
const SEND_EVERY_MS = 20
const SEND_MUCH_EVERY_MS = 200
const MUCH = 65_536
/** A poll that takes longer than this is sent before its end. */
const POLL_UNSENT_MS = 200
/** What has ended waits for the outcomes of its tick of the event loop; not when there is so much of it. */
const MOST_ENDED = 4_194_304

type LogsMessage = Extract<FromInterpreter, { readonly type: 'logs' }>

export class CallLogs {
  readonly #limits: LogLimits
  readonly #isKept: () => boolean
  readonly #masks: SecretMasks
  readonly #masked: MaskedStreams
  readonly #send: (message: LogsMessage) => void
  readonly #attempts = new Set<StackToken>()
  readonly #logs = new Map<StackToken, CallLog>()
  readonly #next = new LogsMessageBuilder()
  #nextAt = 0
  #timer: NodeJS.Timeout | null = null

  /** `isKept`: whether what is printed now is in the log already. */
  constructor(limits: LogLimits, isKept: () => boolean, masks: SecretMasks, send: (message: LogsMessage) => void) {
    this.#limits = limits
    this.#isKept = isKept
    this.#masks = masks
    this.#masked = new MaskedStreams(masks)
    this.#send = send
  }

  attemptBegins(task: Attempt): void {
    this.#attempts.add(task.token)
    this.#masks.attemptBegins(task)
  }

  /** Takes what a call prints. */
  print(token: StackToken, stream: Printed, printed: Uint8Array): void {
    if (this.#isKept()) return
    this.#logOf(token).print(stream, this.#masked.take(token, stream, printed), Date.now())
    this.#sendSoon(token)
  }

  /** A record of `logging`, as JSON. */
  log(token: StackToken, json: string): void {
    this.#logOf(token).log(this.#masks.of(token)?.inJson(json) ?? json)
    this.#sendSoon(token)
  }

  /** Its outcome is sent next. */
  ended(token: StackToken): void {
    for (const [stream, bytes] of this.#masked.end(token)) this.#logOf(token).print(stream, bytes, Date.now())
    this.#attempts.delete(token)
    const log = this.#logs.get(token)
    if (log === undefined) return
    this.#logs.delete(token)
    this.#add(token, log.take(true, Date.now()))
    if (this.#next.length > MOST_ENDED) this.sendEnded()
  }

  skipped(tokens: readonly StackToken[]): void {
    if (this.#logs.size === 0) return
    for (const token of tokens) {
      if (this.#limits.keepsSkips) this.ended(token)
      else this.#logs.delete(token)
    }
  }

  /** Sends what ended calls have said. Before their outcomes. */
  sendEnded(): void {
    const pauseMs = this.#next.length > MUCH ? SEND_MUCH_EVERY_MS : SEND_EVERY_MS
    const message = this.#next.take()
    if (message === null) return
    this.#nextAt = performance.now() + pauseMs
    this.#send(message)
  }

  /** Sends what there is, if it is time. Called while Python computes and nothing else has a turn. */
  check(): void {
    if (this.#logs.size > 0 && performance.now() >= this.#nextAt) this.#sendAll()
  }

  /** Sends everything: the process is about to end. */
  flush(): void {
    for (const token of [...this.#logs.keys(), ...this.#masked.holding]) this.ended(token)
    this.sendEnded()
  }

  #logOf(token: StackToken): CallLog {
    const known = this.#logs.get(token)
    if (known !== undefined) return known
    const { attemptBytes, pollBytes } = this.#limits
    const log = new CallLog(this.#attempts.has(token) ? attemptBytes : pollBytes)
    this.#logs.set(token, log)
    return log
  }

  #sendSoon(token: StackToken): void {
    if (this.#timer !== null && !this.#attempts.has(token)) return
    const now = performance.now()
    if (now >= this.#nextAt && this.#attempts.has(token)) this.#sendAll()
    else this.#timer ??= setTimeout(() => this.#timeIsOver(), Math.max(SEND_EVERY_MS, this.#nextAt - now)).unref()
  }

  #timeIsOver(): void {
    this.#timer = null
    this.check()
    for (const [token, log] of this.#logs) {
      if (log.since === null) continue
      this.#sendSoon(token)
      return
    }
  }

  #sendAll(): void {
    const now = performance.now()
    for (const [token, log] of this.#logs) {
      if (log.since === null) continue
      const isAttempt = this.#attempts.has(token)
      if (!isAttempt && now - log.since < POLL_UNSENT_MS) continue
      this.#add(token, log.take(false, Date.now()))
      // Of a thread that its call has left behind nobody says that it has ended.
      if (!isAttempt && log.isEmpty) this.#logs.delete(token)
    }
    this.sendEnded()
  }

  #add(token: StackToken, pieces: readonly LogPiece[]): void {
    for (const piece of pieces) this.#next.add(token, piece)
  }
}

/**
 * Collects the logs of polls and attempts, and sends them to the engine a few times a second and before the outcome of
 * their call. Owned by `interpreter-session.ts`; `script-output.ts` writes to it.
 *
 * Logs of an attempt are sent soon, so that little is missing if its interpreter has to be ended. A poll is short and
 * usually skips, and the log of a skipping poll is not kept. So it is sent when the poll has an outcome, or takes long.
 */

import { LogsMessageBuilder } from '../../border/log-pieces.ts'
import type { FromInterpreter, LogLimits, StackToken } from '../../border/protocol.ts'
import type { LogPiece } from '../../model/logs/log-record.ts'
import { CallLog, type Printed } from '../../output/call-log.ts'
import { MaskedStreams, type SecretMasks, type TaskAttempt } from './secret-masks.ts'

/** Time between two messages. It is longer after a large one, so that other calls are sent, too. */
const SEND_EVERY_MS = 20
const SEND_MUCH_EVERY_MS = 200
const MUCH = 65_536
/** A poll that takes longer than this is sent before its end. */
const POLL_UNSENT_MS = 200
/** Maximum size of ended logs that wait for the outcomes of their tick of the event loop. */
const MAX_ENDED = 4_194_304

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

  /** `isKept`: whether the current output is in the log already. */
  constructor(limits: LogLimits, isKept: () => boolean, masks: SecretMasks, send: (message: LogsMessage) => void) {
    this.#limits = limits
    this.#isKept = isKept
    this.#masks = masks
    this.#masked = new MaskedStreams(masks)
    this.#send = send
  }

  attemptBegins(task: TaskAttempt): void {
    this.#attempts.add(task.token)
    this.#masks.attemptBegins(task)
  }

  print(token: StackToken, stream: Printed, printed: Uint8Array): void {
    if (this.#isKept()) return
    this.#logOf(token).print(stream, this.#masked.take(token, stream, printed), Date.now())
    this.#sendSoon(token)
  }

  log(token: StackToken, json: string): void {
    this.#logOf(token).log(this.#masks.of(token)?.inJson(json) ?? json)
    this.#sendSoon(token)
  }

  /** Called before its outcome is sent. */
  ended(token: StackToken): void {
    for (const [stream, bytes] of this.#masked.end(token)) this.#logOf(token).print(stream, bytes, Date.now())
    this.#attempts.delete(token)
    const log = this.#logs.get(token)
    if (log === undefined) return
    this.#logs.delete(token)
    this.#add(token, log.take(true, Date.now()))
    if (this.#next.length > MAX_ENDED) this.sendEnded()
  }

  skipped(tokens: readonly StackToken[]): void {
    if (this.#logs.size === 0) return
    for (const token of tokens) {
      if (this.#limits.keepsSkips) this.ended(token)
      else this.#logs.delete(token)
    }
  }

  /** Sends the logs of ended calls. Called before their outcomes. */
  sendEnded(): void {
    const pauseMs = this.#next.length > MUCH ? SEND_MUCH_EVERY_MS : SEND_EVERY_MS
    const message = this.#next.take()
    if (message === null) return
    this.#nextAt = performance.now() + pauseMs
    this.#send(message)
  }

  /** Sends logs if it is time. Called while Python computes and nothing else runs. */
  check(): void {
    if (this.#logs.size > 0 && performance.now() >= this.#nextAt) this.#sendAll()
  }

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
      // A thread that its call left behind does not report its end.
      if (!isAttempt && log.isEmpty) this.#logs.delete(token)
    }
    this.sendEnded()
  }

  #add(token: StackToken, pieces: readonly LogPiece[]): void {
    for (const piece of pieces) this.#next.add(token, piece)
  }
}

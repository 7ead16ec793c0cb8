/** What was asked of an interpreter and is not answered, by token. Owned by `interpreter-process.ts`. */

import { ByToken } from '../../border/by-token.ts'
import type { RequestStart, StackToken, ToInterpreter } from '../../border/protocol.ts'
import type { Clock, StartLimit, TaskSlot } from '../../engine/ports.ts'
import type { LogSink } from '../../model/log.ts'
import { type Answer, type AskingTask, cancelledAnswer } from './answers.ts'

export interface OpenRequest {
  /** What it is, for messages. */
  readonly label: string
  readonly deadlineMs: number | null
  /** Undefined: it may start at any time. */
  readonly startLimit?: StartLimit | undefined
  /** Makes the message that is sent. For a poll the number that its trigger was declared with, since polls share a message. */
  readonly message: number | ((token: StackToken, start: RequestStart) => ToInterpreter)
  /** That of a task. */
  readonly slot: TaskSlot | null
  /** Null for what is not a task. */
  readonly task?: AskingTask | null
  /** Hears what it prints and logs. */
  readonly log?: LogSink | undefined
  readonly settle: (answer: Answer) => void
}

/** Tasks that have ended, and how many are forgotten together: to find the oldest of a map, what was deleted before it is stepped over. */
const MOST_REMEMBERED = 1_000
const FORGOTTEN_TOGETHER = 250
/** Python keeps it in 32 bits, and a cancelled one is told by its number below 0. */
const LARGEST_TOKEN = 2 ** 31 - 1

/** For whoever wants to know what goes on. */
export interface RequestAge {
  readonly token: StackToken
  readonly label: string
  readonly seconds: number
}

export interface Open extends OpenRequest {
  readonly since: number
  /** `startBefore` of the message that was sent. */
  readonly sentStartBefore: RequestStart['startBefore']
  /** The scripts that share its interpreter, once it is cancelled. */
  cancelledBeside: readonly string[] | null
}

export class OpenRequests {
  readonly #clock: Clock
  readonly #requests = new ByToken<Open>()
  /** Of tasks. */
  readonly #endedLogs = new Map<StackToken, LogSink>()
  /** By token, the labels of those that were given up, and go on in a process that is not killed. */
  readonly #leftBehind = new Map<StackToken, string>()
  readonly #largestToken: StackToken
  #lastToken: StackToken = 0

  constructor(clock: Clock, largestToken: StackToken = LARGEST_TOKEN) {
    this.#clock = clock
    this.#largestToken = largestToken
  }

  get size(): number {
    return this.#requests.size
  }

  /** Of the request that alone is open; null when there are several, or none. */
  get onlyLabel(): string | null {
    if (this.#requests.size !== 1) return null
    const [only] = this.#requests.entries()
    return only?.[1].label ?? null
  }

  add(request: OpenRequest): StackToken {
    const token = this.#nextToken()
    const { label, deadlineMs, startLimit, message, slot, task, log, settle } = request
    this.#requests.add(token, {
      label,
      deadlineMs,
      startLimit,
      message,
      slot,
      task: task ?? null,
      log,
      settle,
      since: this.#clock.monotonic(),
      sentStartBefore: startBeforeOf(request),
      cancelledBeside: null,
    })
    return token
  }

  /** Those of 10,000 polls a second are used up within three days: then it begins again. */
  #nextToken(): StackToken {
    do this.#lastToken = this.#lastToken === this.#largestToken ? 1 : this.#lastToken + 1
    while (this.#requests.get(this.#lastToken) !== undefined || this.#leftBehind.has(this.#lastToken))
    return this.#lastToken
  }

  /** Marks the tasks of an execution as cancelled, and returns their tokens. `beside`: the scripts that share the interpreter. */
  cancel(executionId: string, beside: readonly string[]): readonly StackToken[] {
    const tokens: StackToken[] = []
    for (const [token, request] of this.#requests.entries()) {
      if (request.task?.executionId !== executionId) continue
      request.cancelledBeside = beside
      tokens.push(token)
    }
    return tokens
  }

  get(token: StackToken): Open | undefined {
    return this.#requests.get(token)
  }

  forget(token: StackToken): void {
    this.#requests.delete(token)
  }

  /** Takes it, and settles it: as cancelled when it is, unless it has completed all the same. */
  settle(token: StackToken, answer: Answer): void {
    const request = this.#requests.get(token)
    this.#leftBehind.delete(token)
    if (request === undefined) return
    this.#requests.delete(token)
    if (request.slot !== null && request.log !== undefined) this.#remember(token, request.log)
    request.settle(request.cancelledBeside === null ? answer : cancelledAnswer(answer, request.cancelledBeside))
  }

  /** Gives up a call that does not stop, and returns what is to be said about it. Nothing enters under its label until it has ended. */
  leaveBehind(token: StackToken, reason: string): string {
    const label = this.#requests.get(token)?.label ?? 'a call'
    const message = `${reason} and keeps running, because the engine cannot stop it without ending the Python program`
    this.settle(token, { kind: 'timedOut', error: { type: 'DeadlineExceeded', message, traceback: '' } })
    this.#leftBehind.set(token, label)
    return `${message}. ${label} is not called again until this call ends.`
  }

  isLeftBehind(label: string): boolean {
    if (this.#leftBehind.size === 0) return false
    return [...this.#leftBehind.values()].includes(label)
  }

  settleAll(answer: Answer): void {
    for (const [token] of this.#requests.entries()) this.settle(token, answer)
  }

  /** Who hears what is printed under a token: that of a task also for a while after its end, since it may leave threads behind. */
  logOf(token: StackToken): LogSink | null {
    return this.#requests.get(token)?.log ?? this.#endedLogs.get(token) ?? null
  }

  #remember(token: StackToken, log: LogSink): void {
    this.#endedLogs.set(token, log)
    if (this.#endedLogs.size <= MOST_REMEMBERED) return
    for (const oldest of [...this.#endedLogs.keys()].slice(0, FORGOTTEN_TOGETHER)) this.#endedLogs.delete(oldest)
  }

  ages(): readonly RequestAge[] {
    const now = this.#clock.monotonic()
    return this.#requests
      .entries()
      .map(([token, { label, since }]) => ({ token, label, seconds: (now - since) / 1000 }))
  }
}

/** Returns the `startBefore` of a message. */
export function startBeforeOf({ startLimit }: OpenRequest): RequestStart['startBefore'] {
  // Without a heartbeat it is minus infinity, which JSON cannot express.
  return startLimit === undefined ? null : Math.max(0, startLimit.until)
}

/** The answer in place of a call that would overlap with itself. */
export function stillRuns(label: string): Answer {
  const message = `${label} was not called: an earlier call did not stop at its time limit and is still running`
  return { kind: 'failed', error: { type: 'RuntimeError', message, traceback: '' } }
}

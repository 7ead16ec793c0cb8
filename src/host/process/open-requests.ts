/** Unanswered requests to an interpreter, by token. Owned by `interpreter-process.ts`. */

import { TokenMap } from '../../border/by-token.ts'
import type { GenerationNumber, Outcome, RequestStart, StackToken, ToInterpreter } from '../../border/protocol.ts'
import type { Clock, RunLimit, StartLimit } from '../../engine/clock-port.ts'
import type { TaskRequest, TaskSlot } from '../../engine/ports.ts'
import type { LogPieceSink } from '../../model/logs/log-record.ts'
import type { NamedCall } from '../../output/script-line.ts'
import { type AskingTask, type CallResult, cancelledResult, outOfLeaseResult } from './call-answers.ts'
import { calledNames, taskLabel } from './labels.ts'

export interface OpenRequest {
  /** Name in messages. */
  readonly label: string
  readonly deadlineMs: number | null
  /** Undefined if it may start at any time. */
  readonly startLimit?: StartLimit | undefined
  /** Undefined for all but tasks with limits. */
  readonly runLimit?: RunLimit | undefined
  /** Makes the message. For a poll: the number of its trigger's declaration, because polls share a message. */
  readonly message: number | StatePoll | ((token: StackToken, start: RequestStart) => ToInterpreter)
  readonly slot: TaskSlot | null
  /** Null if it is not a task. */
  readonly task?: AskingTask | null
  /** Its names in lines that it prints. Default: none. */
  readonly names?: NamedCall | undefined
  readonly log?: LogPieceSink | undefined
  readonly settle: SettleRequest
}

/** Poll of a trigger with state. */
export interface StatePoll {
  readonly trigger: number
  readonly stateText: string
  readonly maxStateBytes: number
}

type EndedTask = Pick<OpenRequest, 'log' | 'names'>

export type SettleRequest = (result: CallResult) => void

/** Limits of the tasks whose log and names are kept after their end. Deleted in batches, because that is faster. */
const MAX_REMEMBERED = 1_000
const FORGOTTEN_TOGETHER = 250
/** Python stores a token in 32 bits, and a cancelled call is identified by its negated token. */
const MAX_TOKEN = 2 ** 31 - 1

export interface RequestAge {
  readonly token: StackToken
  readonly label: string
  readonly seconds: number
}

export interface OpenedRequest extends OpenRequest {
  readonly since: number
  /** `startBefore` of the message that was sent. */
  readonly sentStartBefore: RequestStart['startBefore']
  /** Scripts that share its interpreter, once it is cancelled. */
  cancelledBeside: readonly string[] | null
  /** Whether its `runLimit` has passed. */
  isOutOfLease: boolean
}

export class OpenRequests {
  readonly #clock: Clock
  readonly #requests = new TokenMap<OpenedRequest>()
  readonly #ended = new Map<StackToken, EndedTask>()
  /** Labels, by token, of calls that were given up and continue in a process that may not be killed. */
  readonly #leftBehind = new Map<StackToken, string>()
  readonly #largestToken: StackToken
  #lastToken: StackToken = 0

  constructor(clock: Clock, largestToken: StackToken = MAX_TOKEN) {
    this.#clock = clock
    this.#largestToken = largestToken
  }

  get size(): number {
    return this.#requests.size
  }

  /** Label of the only open request; null if there are several or none. */
  get onlyLabel(): string | null {
    return this.#only?.label ?? null
  }

  get #only(): OpenedRequest | null {
    if (this.#requests.size !== 1) return null
    const [only] = this.#requests.entries()
    return only?.[1] ?? null
  }

  add(request: OpenRequest): StackToken {
    const token = this.#nextToken()
    const { label, deadlineMs, startLimit, runLimit, message, slot, task, names, log, settle } = request
    this.#requests.add(token, {
      label,
      deadlineMs,
      startLimit,
      runLimit,
      message,
      slot,
      task: task ?? null,
      names,
      log,
      settle,
      since: this.#clock.monotonic(),
      sentStartBefore: encodeStartBefore(request),
      cancelledBeside: null,
      isOutOfLease: false,
    })
    return token
  }

  /** 10,000 polls a second use up all tokens within three days. They then start again at 1. */
  #nextToken(): StackToken {
    do this.#lastToken = this.#lastToken === this.#largestToken ? 1 : this.#lastToken + 1
    while (this.#requests.get(this.#lastToken) !== undefined || this.#leftBehind.has(this.#lastToken))
    return this.#lastToken
  }

  cancel(executionId: string, beside: readonly string[]): readonly StackToken[] {
    const tokens: StackToken[] = []
    for (const [token, request] of this.#requests.entries()) {
      if (request.task?.executionId !== executionId) continue
      request.cancelledBeside = beside
      tokens.push(token)
    }
    return tokens
  }

  /** Marks a request whose `runLimit` has passed. It settles as out of lease, unless it has completed. */
  leaseEnded(token: StackToken): void {
    const request = this.#requests.get(token)
    if (request !== undefined) request.isOutOfLease = true
  }

  get(token: StackToken): OpenedRequest | undefined {
    return this.#requests.get(token)
  }

  forget(token: StackToken): void {
    this.#requests.delete(token)
  }

  /** Removes and settles a request. A cancelled request settles as cancelled, unless it has completed. */
  settle(token: StackToken, result: CallResult): void {
    const request = this.#requests.get(token)
    this.#leftBehind.delete(token)
    if (request === undefined) return
    this.#requests.delete(token)
    if (request.slot !== null) this.#remember(token, request)
    request.settle(finalResult(request, result))
  }

  /** Gives up a call that does not stop, and returns the message. Its label is refused until it has ended. */
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

  settleAll(result: CallResult): void {
    for (const [token] of this.#requests.entries()) this.settle(token, result)
  }

  /** Returns the log of a token. A task's log is kept for a while after its end, because its threads may print. */
  logOf(token: StackToken): LogPieceSink | null {
    return this.#requests.get(token)?.log ?? this.#ended.get(token)?.log ?? null
  }

  /** Returns the names of a token, which are kept like the log; for 0 those of the only open request. */
  namesOf(token: StackToken): NamedCall | null {
    if (token === 0) return this.#only?.names ?? null
    return (this.#requests.get(token) ?? this.#ended.get(token))?.names ?? null
  }

  #remember(token: StackToken, { log, names }: EndedTask): void {
    this.#ended.set(token, { log, names })
    if (this.#ended.size <= MAX_REMEMBERED) return
    for (const oldest of [...this.#ended.keys()].slice(0, FORGOTTEN_TOGETHER)) this.#ended.delete(oldest)
  }

  ages(): readonly RequestAge[] {
    const now = this.#clock.monotonic()
    return this.#requests
      .entries()
      .map(([token, { label, since }]) => ({ token, label, seconds: (now - since) / 1000 }))
  }
}

function finalResult({ cancelledBeside, isOutOfLease, label }: OpenedRequest, result: CallResult): CallResult {
  if (cancelledBeside !== null) return cancelledResult(result, cancelledBeside)
  return isOutOfLease ? outOfLeaseResult(result, label) : result
}

export function encodeStartBefore({ startLimit }: OpenRequest): RequestStart['startBefore'] {
  // Without a heartbeat it is minus infinity, which JSON cannot express.
  return startLimit === undefined ? null : Math.max(0, startLimit.until)
}

/** Returns the request for an attempt, and the function that makes its message. */
export function taskRequest(generation: GenerationNumber, task: TaskRequest) {
  const { workflow, taskId, inputText, deadlineMs, startLimit, runLimit, slot, executionId, log, script, attempt } =
    task
  const ids = { executionId, workflow, taskId }
  // Names are kept after the end of the task, so they must not refer to its contexts.
  const names = { ...ids, script, attempt }
  const entry = { label: taskLabel(task), deadlineMs, startLimit, runLimit, slot, task, names, log }
  const isLimited = runLimit !== undefined
  const message = (token: StackToken, start: RequestStart): ToInterpreter => {
    return { type: 'task', token, generation, ...ids, ...calledNames(task), inputText, isLimited, ...start }
  }
  return { entry, message }
}

/** Returns the answer to a call that would overlap with an earlier call of the same label. */
export function stillRunningOutcome(label: string): Outcome {
  const message = `${label} was not called: an earlier call did not stop at its time limit and is still running`
  return { kind: 'failed', error: { type: 'RuntimeError', message, traceback: '' } }
}

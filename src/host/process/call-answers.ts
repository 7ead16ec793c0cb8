/** Results of requests to an interpreter, exactly one per request, and its events. Used by `interpreter-process.ts`. */

import type {
  FlatValues,
  FromInterpreter,
  GenerationNumber,
  Outcome,
  RaisedFault,
  StackToken,
} from '../../border/protocol.ts'
import type { NotStarted, TaskRequest, TaskSlot } from '../../engine/ports.ts'
import type { NamedCall, ScriptLineSink } from '../../output/script-line.ts'
import type { LimitedResource } from './control-line.ts'

export interface InterpreterEnd {
  readonly reason: string
  /** Label of the call that was running, if known. */
  readonly culprit: string | null
  /** Label of the only open call; null if there were several or none. */
  readonly only: string | null
  /** Label of the call that did not stop at its deadline, if the process was killed for it. */
  readonly overdue: string | null
  /** The engine could not renew its lease in time. No call is suspected of having caused the end. */
  readonly isOutOfLease?: true
}

/**
 * Describes the end of an interpreter that was killed for an overdue call. If another call ran in C code, that one is
 * the culprit.
 */
export function overdueEnd(overdue: Labelled, runs: Labelled, reason: string): Omit<InterpreterEnd, 'only'> {
  const running = runs ?? overdue
  const isOther = running !== undefined && running !== overdue
  return {
    reason: isOther ? `${running.label} blocked the interpreter: ${reason}` : reason,
    culprit: running?.label ?? null,
    overdue: (overdue ?? running)?.label ?? null,
  }
}

type Labelled = { readonly label: string } | undefined

export type CallResult = Outcome | Reply | NoResult

/** Result of a call that is neither a poll nor an attempt. */
type Reply =
  | { readonly kind: 'loaded'; readonly resultJson: string }
  | ({ readonly kind: 'accumulated' } & FlatValues)
  | ({ readonly kind: 'graphsRan'; readonly nodesJson: string } & FlatValues)
  | { readonly kind: 'programEnded'; readonly exitCode: number }
  | { readonly kind: 'finished' }
  | { readonly kind: 'state'; readonly stateJson: string }

type NoResult =
  | NotStarted
  | RefusedCall
  /** The interpreter ended while the call was running. */
  | { readonly kind: 'lost'; readonly end: InterpreterEnd }
  /** The attempt was stopped because the engine could not renew its lease. */
  | { readonly kind: 'outOfLease'; readonly label: string }
  /** `lostScripts`: scripts whose state was lost with the process, which had to be killed to stop the call. */
  | { readonly kind: 'cancelled'; readonly error: RaisedFault; readonly lostScripts: readonly string[] }

export interface RefusedCall {
  readonly kind: 'refused'
  readonly reason: string
  /** The call crashed its interpreter a short time ago, and may be requested again later. */
  readonly isBackedOff?: true
}

const CANCELLED_BEFORE_RETRY: RaisedFault = {
  type: 'Cancelled',
  message: 'the execution was cancelled when the task ended with TryLater',
  traceback: '',
}

/** Returns the result of a cancelled call. `scripts`: all scripts of its interpreter. */
export function cancelledResult(result: CallResult, scripts: readonly string[]): CallResult {
  switch (result.kind) {
    case 'timedOut':
    case 'failed':
    case 'parked':
      return { kind: 'cancelled', error: result.error, lostScripts: [] }
    case 'tryLater':
      return { kind: 'cancelled', error: CANCELLED_BEFORE_RETRY, lostScripts: [] }
    case 'lost': {
      const error = { type: 'InterpreterDied', message: result.end.reason, traceback: '' }
      return { kind: 'cancelled', error, lostScripts: scripts }
    }
    default:
      return result
  }
}

/** Returns the result of an attempt whose `runLimit` has passed: only an end of its own is kept. */
export function outOfLeaseResult(result: CallResult, label: string): CallResult {
  switch (result.kind) {
    case 'completed':
    case 'tryLater':
    case 'notStarted':
      return result
    default:
      return { kind: 'outOfLease', label }
  }
}

type ReplyMessage = Extract<FromInterpreter, { readonly type: Reply['kind'] }>

export function toReply(message: ReplyMessage): Reply {
  switch (message.type) {
    case 'loaded':
      return { kind: 'loaded', resultJson: message.resultJson }
    case 'state':
      return { kind: 'state', stateJson: message.stateJson }
    case 'finished':
      return { kind: 'finished' }
    case 'accumulated':
      return { kind: 'accumulated', text: message.text, sizes: message.sizes, errors: message.errors }
    case 'graphsRan': {
      const { text, sizes, errors, nodesJson } = message
      return { kind: 'graphsRan', text, sizes, errors, nodesJson }
    }
    case 'programEnded':
      return { kind: 'programEnded', exitCode: message.exitCode }
  }
}

/** Answers a call, once. */
export interface CallAnswers {
  reply(id: number, valueJson: string, contextText: string | null): void
  refuse(id: number, type: string, message: string): void
  /** Lets the time limit of an entry stand still until the returned function is called. */
  suspendLimit(token: StackToken): () => void
}

export type AskingTask = Pick<TaskRequest, 'workflow' | 'executionId' | 'taskId' | 'view' | 'memory'>

/** Caller of a call. Both are null if it is not a task. */
export interface CallAsker {
  readonly slot: TaskSlot | null
  readonly task?: AskingTask | null
}

/** Call that Python made. Answer it once, with `reply` or `refuse`. */
export type InterpreterCall = Extract<FromInterpreter, { readonly type: 'call' }>

/** Receiver of output, and the names of lines without a call. */
export interface OutputEvents {
  readonly sink: ScriptLineSink
  processNames(): NamedCall
}

export interface InterpreterEvents {
  /** `asker`: the entry that made the call; null after its end. */
  call(call: InterpreterCall, asker: CallAsker | null, interpreter: CallAnswers): void
  declared(generation: GenerationNumber, declarationsJson: string, interpreter: CallAnswers): void
  notice(message: string): void
  /** Receives output. Null if the process writes it. */
  readonly printed: OutputEvents | null
  /** Message about Python's start, which is the same for each interpreter of a machine. */
  startNotice(message: string): void
  /** Called once after a start, when every open request is answered. `culprit`: call that was running at a kill. */
  ended(end: InterpreterEnd): void
  stuck(): void
  /** Reports each second that a resource is close to its limit. */
  nearCeiling(resource: LimitedResource, amount: number): void
}

/** What comes from an interpreter: how what was asked of it ended, exactly one for each request, and what it reports besides. By `interpreter-process.ts`. */

import type { FlatValues, FromInterpreter, GenerationNumber, Outcome, RaisedFault } from '../../border/protocol.ts'
import type { NotEntered, TaskSlot } from '../../engine/ports.ts'
import type { Resource } from './control-line.ts'

export interface InterpreterEnd {
  readonly reason: string
  /** Who was running, where that is known. */
  readonly culprit: string | null
  /** Who alone was inside; null where there were several, or none. */
  readonly only: string | null
  /** What did not stop when its time was over, where it had to be killed for that; null where it ended otherwise. */
  readonly overdue: string | null
}

/**
 * The end of an interpreter in which something did not stop. What is overdue may be kept from stopping by another one, which
 * computes in C: that one is the culprit.
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

/** How an entry into Python ended. `lost`: the process died under it. */
export type Answer =
  | Outcome
  | NotEntered
  | { readonly kind: 'skipped'; readonly reason: string | null }
  | { readonly kind: 'loaded'; readonly resultJson: string }
  | ({ readonly kind: 'accumulated' } & FlatValues)
  | ({ readonly kind: 'graphsRan'; readonly nodesJson: string } & FlatValues)
  | { readonly kind: 'programEnded'; readonly exitCode: number }
  | { readonly kind: 'finished' }
  | { readonly kind: 'state'; readonly stateJson: string }
  | { readonly kind: 'lost'; readonly end: InterpreterEnd }
  /** `lostScripts`: those whose state went with the process, which had to be ended for it. */
  | { readonly kind: 'cancelled'; readonly error: RaisedFault; readonly lostScripts: readonly string[] }

/** Of what was cancelled, and ended in whatever way. `scripts`: those of its interpreter. */
export function cancelledAnswer(answer: Answer, scripts: readonly string[]): Answer {
  switch (answer.kind) {
    case 'timedOut':
    case 'failed':
      return { kind: 'cancelled', error: answer.error, lostScripts: [] }
    case 'lost': {
      const error = { type: 'InterpreterDied', message: answer.end.reason, traceback: '' }
      return { kind: 'cancelled', error, lostScripts: scripts }
    }
    default:
      return answer
  }
}

type AnswerType = 'loaded' | 'accumulated' | 'graphsRan' | 'state' | 'finished' | 'programEnded'
type AnswerMessage = Extract<FromInterpreter, { readonly type: AnswerType }>

export function answerOf(message: AnswerMessage): Answer {
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
}

/** A task that runs, as those know it whom it asks for something. */
export interface AskingTask {
  readonly workflow: string
  readonly executionId: string
  readonly taskId: string
}

/** Whose call it is. Of what is not a task both are null. */
export interface CallAsker {
  readonly slot: TaskSlot | null
  readonly task?: AskingTask | null
}

/** A call that Python made; answer it with `reply` or `refuse`, once. */
export type InterpreterCall = Extract<FromInterpreter, { readonly type: 'call' }>

export interface InterpreterEvents {
  /** `asker`: the entry which made the call; null when that has ended. */
  call(call: InterpreterCall, asker: CallAsker | null, interpreter: CallAnswers): void
  declared(generation: GenerationNumber, declarationsJson: string, interpreter: CallAnswers): void
  /** One line worth a log entry. */
  notice(message: string): void
  /** A line about how Python started, which each interpreter of a machine says in the same words. */
  startNotice(message: string): void
  /** Called once for an interpreter that had started, after every open request was answered. `culprit` is what was running when it had to be killed. */
  ended(end: InterpreterEnd): void
  /** An entry is overdue and does not stop; the process may have to be killed. */
  stuck(): void
  /** So much of something is in use that a ceiling is near. Said each second while it is so. */
  nearCeiling(resource: Resource, amount: number): void
}

/** How what was asked of an interpreter ended. Made by `interpreter-process.ts`, exactly one for each request. */

import type { FromInterpreter, Outcome, RaisedFault } from '../../border/protocol.ts'

export interface InterpreterEnd {
  readonly reason: string
  /** Who was running, where that is known. */
  readonly culprit: string | null
  /** It had to be killed because the culprit did not stop when its time was over. */
  readonly isOverdue: boolean
}

/** How an entry into Python ended. `lost`: the process died under it. */
export type Answer =
  | Outcome
  | { readonly kind: 'skipped'; readonly reason: string | null }
  | { readonly kind: 'loaded'; readonly resultJson: string }
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

type AnswerMessage = Extract<FromInterpreter, { readonly type: 'loaded' | 'state' | 'finished' | 'programEnded' }>

export function answerOf(message: AnswerMessage): Answer {
  switch (message.type) {
    case 'loaded':
      return { kind: 'loaded', resultJson: message.resultJson }
    case 'state':
      return { kind: 'state', stateJson: message.stateJson }
    case 'finished':
      return { kind: 'finished' }
    case 'programEnded':
      return { kind: 'programEnded', exitCode: message.exitCode }
  }
}

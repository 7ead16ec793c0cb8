/**
 * Turns the answers of an interpreter's thread into the engine's outcomes. Pure; used by `host.ts`.
 * An interpreter that had to be killed because of a poll or task is that one's time-out, and bad luck for the others.
 */

import { HostError } from '../errors.ts'
import type { AttemptOutcome } from '../model/execution.ts'
import type { PollOutcome, PythonFault } from '../model/trigger.ts'
import type { OutcomeMessage } from './protocol.ts'
import type { Answer, ThreadEnd } from './thread.ts'

const SKIPPED: PollOutcome = Object.freeze({ kind: 'skipped' })

export function pollOutcomeOf(answer: Answer, label: string): PollOutcome {
  if (answer.kind === 'skipped') return SKIPPED
  if (answer.kind !== 'outcome') {
    return { kind: isCulprit(answer, label) ? 'timedOut' : 'failed', error: faultOfAnswer(answer) }
  }
  const { outcome } = answer
  if (outcome.kind === 'fired') return { kind: 'fired', contextText: outcome.contextText }
  return { kind: outcome.kind === 'timedOut' ? 'timedOut' : 'failed', error: faultOfMessage(outcome) }
}

export function attemptOutcomeOf(answer: Answer, label: string): AttemptOutcome {
  if (answer.kind !== 'outcome') {
    return { kind: isCulprit(answer, label) ? 'timedOut' : 'lost', error: faultOfAnswer(answer) }
  }
  const { outcome } = answer
  if (outcome.kind === 'completed') return { kind: 'completed', contextText: outcome.contextText ?? '{}' }
  return { kind: outcome.kind === 'timedOut' ? 'timedOut' : 'failed', error: faultOfMessage(outcome) }
}

export function lostInterpreter(end: ThreadEnd): HostError {
  const culprit = end.culprit === null ? '' : ` It was stopped because of ${end.culprit}.`
  return new HostError('INTERPRETER_DIED', `The Python interpreter is gone: ${end.reason}.${culprit}`)
}

function isCulprit(answer: Answer, label: string): boolean {
  return answer.kind === 'lost' && answer.end.culprit === label
}

function faultOfMessage(message: OutcomeMessage): PythonFault {
  return { type: message.errorType, message: message.errorMessage, traceback: message.traceback }
}

function faultOfAnswer(answer: Answer): PythonFault {
  const reason = answer.kind === 'lost' ? answer.end : { reason: `it answered "${answer.kind}"`, culprit: null }
  return { type: 'InterpreterDied', message: lostInterpreter(reason).message, traceback: '' }
}

/**
 * Turns the answers of an interpreter into the engine's outcomes. Pure; used by `python-host.ts`.
 * An interpreter that had to be killed because of a poll or task is that one's time-out, and bad luck for the others.
 */

import type { OutcomeMessage } from '../../border/protocol.ts'
import type { NotEntered } from '../../engine/ports.ts'
import { HostError } from '../../errors.ts'
import type { AttemptOutcome } from '../../model/execution.ts'
import type { PollOutcome, PythonFault } from '../../model/trigger.ts'
import type { Answer, InterpreterEnd } from './answers.ts'

/** What became of a poll or task: the interpreter's answer, or it was not let in. */
export type EntryAnswer = Answer | { readonly kind: 'refused'; readonly reason: string } | NotEntered

/** What was asked for: its name for messages, and how long it may take. */
export interface Entry {
  readonly label: string
  readonly deadlineMs: number
  /** Its script, when that lives alone by now. */
  readonly alone: string | null
}

/** Who asked has stopped before there was an interpreter. */
export const NOT_ENTERED: NotEntered = Object.freeze({ kind: 'notEntered' })

const SKIPPED: PollOutcome = Object.freeze({ kind: 'skipped' })

export function refused(reason: string): EntryAnswer {
  return { kind: 'refused', reason }
}

export function pollOutcomeOf(answer: EntryAnswer, entry: Entry): PollOutcome | NotEntered {
  if (answer.kind === 'notEntered') return answer
  if (answer.kind === 'skipped') return SKIPPED
  if (answer.kind === 'outcome' && answer.outcome.kind === 'fired') {
    return { kind: 'fired', contextText: answer.outcome.contextText }
  }
  if (isOverdue(answer, entry)) return { kind: 'timedOut', error: overdueFault(answer, entry) }
  return { kind: 'failed', error: withQuarantine(faultOf(answer), answer, entry) }
}

/** A context that is not in the answer is the one that went in. */
export function attemptOutcomeOf(
  answer: EntryAnswer,
  entry: Entry & { readonly inputText: string },
): AttemptOutcome | NotEntered {
  if (answer.kind === 'notEntered') return answer
  if (answer.kind === 'outcome' && answer.outcome.kind === 'completed') {
    return { kind: 'completed', contextText: answer.outcome.contextText ?? entry.inputText }
  }
  if (isOverdue(answer, entry)) return { kind: 'timedOut', error: overdueFault(answer, entry) }
  return { kind: answer.kind === 'outcome' ? 'failed' : 'lost', error: withQuarantine(faultOf(answer), answer, entry) }
}

export function lostInterpreter(end: InterpreterEnd): HostError {
  const culprit = end.culprit === null ? '' : ` It was stopped because of ${end.culprit}.`
  return new HostError('INTERPRETER_DIED', `The Python interpreter is gone: ${end.reason}.${culprit}`)
}

/** It was stopped, or the interpreter had to be, because its time was over. */
function isOverdue(answer: EntryAnswer, { label }: Entry): boolean {
  if (answer.kind === 'outcome') return answer.outcome.kind === 'timedOut'
  return answer.kind === 'lost' && answer.end.isOverdue && answer.end.culprit === label
}

/** The same words however it was stopped: while it waited, while it computed, or together with its interpreter. */
function overdueFault(answer: EntryAnswer, entry: Entry): PythonFault {
  const { type, traceback } = faultOf(answer)
  const message = `${entry.label} timed out: it exceeded its timeout of ${entry.deadlineMs / 1000} s`
  return withQuarantine({ type, message, traceback }, answer, entry)
}

/** What it led to is in the history of the culprit, and only there. */
function withQuarantine(fault: PythonFault, answer: EntryAnswer, { label, alone }: Entry): PythonFault {
  if (alone === null || answer.kind !== 'lost' || answer.end.culprit !== label) return fault
  return {
    ...fault,
    message: `${fault.message}. Because of it, script "${alone}" has an interpreter of its own from now on.`,
  }
}

function faultOf(answer: EntryAnswer): PythonFault {
  switch (answer.kind) {
    case 'outcome':
      return faultOfMessage(answer.outcome)
    case 'refused':
      return { type: 'NotRun', message: answer.reason, traceback: '' }
    case 'lost':
      return { type: 'InterpreterDied', message: lostInterpreter(answer.end).message, traceback: '' }
    default:
      return { type: 'NotRun', message: `the interpreter answered "${answer.kind}"`, traceback: '' }
  }
}

function faultOfMessage(message: OutcomeMessage): PythonFault {
  return { type: message.errorType, message: message.errorMessage, traceback: message.traceback }
}

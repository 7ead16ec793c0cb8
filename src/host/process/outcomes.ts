/**
 * Turns the answers of an interpreter into the engine's outcomes. Pure; used by `python-host.ts`.
 * An interpreter that had to be killed because of a poll or task is that one's time-out, and bad luck for the others.
 */

import type { EntryLost, NotEntered } from '../../engine/ports.ts'
import { HostError } from '../../errors.ts'
import type { AttemptOutcome } from '../../model/execution.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { PollOutcome } from '../../model/trigger.ts'
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

export function notServed(script: string): string {
  return `script "${script}" is not loaded in this process`
}

export function refused(reason: string): EntryAnswer {
  return { kind: 'refused', reason }
}

export function pollOutcomeOf(answer: EntryAnswer, entry: Entry): PollOutcome | NotEntered {
  switch (answer.kind) {
    case 'skipped':
    case 'fired':
    case 'failed':
    case 'notEntered':
      return answer
    case 'timedOut':
      return overdue(answer.error, entry)
    case 'lost':
      return lost(answer.end, entry, 'failed')
    default:
      return { kind: 'failed', error: notRun(answer) }
  }
}

/** A context that is not in the answer is the one that went in. */
export function attemptOutcomeOf(
  answer: EntryAnswer,
  entry: Entry & { readonly inputText: string },
): AttemptOutcome | NotEntered {
  switch (answer.kind) {
    case 'cancelled':
      return answer
    case 'completed':
      return { kind: 'completed', contextText: answer.contextText ?? entry.inputText }
    case 'failed':
    case 'notEntered':
      return answer
    case 'timedOut':
      return overdue(answer.error, entry)
    case 'lost':
      return lost(answer.end, entry, 'lost')
    default:
      return { kind: 'lost', error: notRun(answer) }
  }
}

export function lostInterpreter(end: InterpreterEnd): HostError {
  const culprit = end.culprit === null ? '' : ` It was stopped because of ${end.culprit}.`
  return new HostError('INTERPRETER_DIED', `The Python interpreter is gone: ${end.reason}.${culprit}`)
}

/** The same words however it was stopped: while it waited, while it computed, or together with its interpreter. */
export function overdueFault({ type, traceback }: PythonFault, label: string, deadlineMs: number): PythonFault {
  return { type, message: `${label} timed out: it exceeded its timeout of ${deadlineMs / 1000} s`, traceback }
}

function overdue(error: PythonFault, { label, deadlineMs }: Entry) {
  return { kind: 'timedOut', error: overdueFault(error, label, deadlineMs) } as const
}

/** Of events or runs of graphs. */
export function lostEntry(end: InterpreterEnd, label: string, deadlineMs: number): EntryLost {
  const isCulprit = (end.culprit ?? end.only) === label
  const error = { type: 'InterpreterDied', message: lostInterpreter(end).message, traceback: '' }
  return { kind: 'lost', isCulprit, error: isCulprit && end.isOverdue ? overdueFault(error, label, deadlineMs) : error }
}

/** The interpreter ended under it. What that led to is in the history of the culprit, and only there. */
function lost<Kind extends 'failed' | 'lost'>(end: InterpreterEnd, entry: Entry, kind: Kind) {
  const error = { type: 'InterpreterDied', message: lostInterpreter(end).message, traceback: '' }
  if (end.culprit !== entry.label) return { kind, error }
  const outcome = end.isOverdue ? overdue(error, entry) : { kind, error }
  return { ...outcome, error: withQuarantine(outcome.error, entry.alone) }
}

function withQuarantine(error: PythonFault, script: string | null): PythonFault {
  if (script === null) return error
  return {
    ...error,
    message: `${error.message}. Because of it, script "${script}" has an interpreter of its own from now on.`,
  }
}

function notRun(answer: EntryAnswer): PythonFault {
  const message = answer.kind === 'refused' ? answer.reason : `the interpreter answered "${answer.kind}"`
  return { type: 'NotRun', message, traceback: '' }
}

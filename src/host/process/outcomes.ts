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
export type EntryAnswer = Answer | Refused

interface Refused {
  readonly kind: 'refused'
  readonly reason: string
  /** It made its interpreter die a short while ago: it may ask again. */
  readonly isBackedOff?: true
}

/** What was asked for: its name for messages, and how long it may take. */
export interface Entry {
  readonly label: string
  readonly deadlineMs: number
  /** Its script, when that lives alone by now. */
  readonly alone: string | null
}

/** Who asked has stopped before there was an interpreter. */
export const NOT_ENTERED: NotEntered = Object.freeze({ kind: 'notEntered' })

/** What would run it is not loaded here. */
export const NOT_SERVED: NotEntered = Object.freeze({ kind: 'notEntered', isUnserved: true })

/** Answer to a request that could not start in time. */
export const LATE: NotEntered = Object.freeze({ kind: 'notEntered', isLate: true })

export function refused(reason: string): EntryAnswer {
  return { kind: 'refused', reason }
}

export function backedOff(label: string, waitMs: number): EntryAnswer {
  const reason = `${label} crashed its interpreter and is not run for another ${Math.ceil(waitMs / 1000)} s`
  return { kind: 'refused', reason, isBackedOff: true }
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
  const isNamed = end.culprit === null || end.reason.includes(end.culprit)
  const culprit = isNamed ? '' : ` Cause: ${end.culprit}.`
  return new HostError('INTERPRETER_DIED', `The Python interpreter ended: ${end.reason}.${culprit}`)
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
  return { kind: 'lost', isCulprit, error: isCulprit ? (timeOut(end, error, label, deadlineMs) ?? error) : error }
}

/** The interpreter ended under it. What that led to is in the history of the culprit, and only there. */
function lost<Kind extends 'failed' | 'lost'>(end: InterpreterEnd, entry: Entry, kind: Kind) {
  const error = { type: 'InterpreterDied', message: lostInterpreter(end).message, traceback: '' }
  if (end.culprit !== entry.label) return { kind, error }
  const stopped = timeOut(end, error, entry.label, entry.deadlineMs)
  return {
    kind: stopped === null ? kind : 'timedOut',
    error: withQuarantine(stopped ?? error, entry.alone),
  } as const
}

/** That its own time was over, or that of another one which it kept from stopping; null when no time was. */
function timeOut(end: InterpreterEnd, error: PythonFault, label: string, deadlineMs: number): PythonFault | null {
  if (end.overdue === null) return null
  return end.overdue === label ? overdueFault(error, label, deadlineMs) : { ...error, message: end.reason }
}

function withQuarantine(error: PythonFault, script: string | null): PythonFault {
  if (script === null) return error
  return {
    ...error,
    message: `${error.message.replace(/\.$/, '')}. For this reason, script "${script}" was moved to its own interpreter.`,
  }
}

function notRun(answer: EntryAnswer): PythonFault {
  const message =
    answer.kind === 'refused' ? answer.reason : `the interpreter sent the unexpected answer "${answer.kind}"`
  return { type: 'NotRun', message, traceback: '' }
}

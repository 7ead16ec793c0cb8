/**
 * Converts results of an interpreter to results for the engine. Pure. `functions/` uses the constants and messages too.
 * If an interpreter was killed because of a call, that call timed out, and the other calls in it are lost.
 */

import type { PolledOutcome } from '../../border/protocol.ts'
import type { LostEntry } from '../../engine/graphs/graph-host.ts'
import type { NotStarted, PollRequest, TaskResult, TickResult } from '../../engine/ports.ts'
import { HostError } from '../../errors.ts'
import type { PythonFault } from '../../model/fault.ts'
import { firedOnce, type PollOutcome } from '../../model/trigger.ts'
import type { CallResult, InterpreterEnd, RefusedCall } from './call-answers.ts'

interface LostCall {
  readonly label: string
  readonly deadlineMs: number
  /** Script of the call, if it now has an interpreter of its own; else null. */
  readonly quarantined: string | null
}

/** The caller stopped before there was an interpreter. */
export const NOT_STARTED: NotStarted = Object.freeze({ kind: 'notStarted' })

/** The script that runs the call is not loaded here. */
export const NOT_SERVED: NotStarted = Object.freeze({ kind: 'notStarted', isUnserved: true })

/** The call could not start in time. */
export const NOT_STARTED_IN_TIME: NotStarted = Object.freeze({ kind: 'notStarted', isLate: true })

/** Reason why an attempt with limits was stopped. */
export const LEASE_LOST = 'the engine could not renew its lease'

export function refusedCall(reason: string): RefusedCall {
  return { kind: 'refused', reason }
}

export function backedOffRefusal(label: string, waitMs: number): RefusedCall {
  const reason = `${label} crashed its interpreter and is not run for another ${Math.ceil(waitMs / 1000)} s`
  return { kind: 'refused', reason, isBackedOff: true }
}

/** `quarantined`: the script of the poll, if it now has an interpreter of its own. */
export function toTickResult(
  result: CallResult,
  label: string,
  { deadlineMs, stateText }: Pick<PollRequest, 'deadlineMs' | 'stateText'>,
  quarantined: string | null,
): TickResult {
  switch (result.kind) {
    case 'skipped':
      return stateText === undefined ? result : { ...result, stateText }
    case 'notStarted':
      return result
    case 'failed':
      return { kind: 'failed', error: result.error }
    case 'fired':
      return { ...firedOnce(result.contextText), ...(stateText !== undefined && { stateText }) }
    case 'polled':
      return toPollOutcome(result, stateText)
    case 'timedOut':
      return { kind: 'timedOut', error: overdueFault(result.error, label, deadlineMs) }
    case 'lost':
      return lost(result.end, { label, deadlineMs, quarantined }, 'failed')
    default:
      return { kind: 'failed', error: notRun(result) }
  }
}

/** `before`: the text of the state that was passed, which stays if it is unchanged. */
function toPollOutcome({ text, sizes, keys, ...result }: PolledOutcome, before: string | undefined): PollOutcome {
  const { reason, isList } = result
  const stateText = result.stateText ?? before
  const state = stateText === undefined ? {} : { stateText }
  if (sizes.length === 0) return { kind: 'skipped', reason, ...state }
  let begin = 0
  const firings = sizes.map((size, index) => {
    const key = keys[index] ?? null
    const contextText = size < 0 ? null : text.slice(begin, begin + size)
    begin += Math.max(size, 0)
    return { contextText, ...(key !== null && { key }) }
  })
  return { kind: 'fired', firings, isList, ...state }
}

/** Returns the outcome of an attempt. If the result contains no context, the outcome has that of the input. */
export function toAttemptOutcome(result: CallResult, call: LostCall & { readonly inputText: string }): TaskResult {
  switch (result.kind) {
    case 'cancelled':
    case 'notStarted':
      return result
    case 'failed':
      return { kind: 'failed', error: result.error }
    case 'completed':
      return { kind: 'completed', contextText: result.contextText ?? call.inputText }
    case 'parked':
      return { kind: 'parked' }
    case 'tryLater':
      return result
    case 'timedOut':
      return { kind: 'timedOut', error: overdueFault(result.error, call.label, call.deadlineMs) }
    case 'lost':
      return lost(result.end, call, 'lost')
    case 'outOfLease':
      return { kind: 'lost', error: leaseFault(result.label) }
    default:
      return { kind: 'lost', error: notRun(result) }
  }
}

/** Returns the error of an attempt that was stopped at its `runLimit`. */
export function leaseFault(label: string): PythonFault {
  const message = `${label} was stopped: ${LEASE_LOST}, so others may take the slots of its limits`
  return { type: 'LeaseLost', message, traceback: '' }
}

export function lostInterpreterFault(end: InterpreterEnd): HostError {
  const isNamed = end.culprit === null || end.reason.includes(end.culprit)
  const culprit = isNamed ? '' : ` Cause: ${end.culprit}.`
  return new HostError('INTERPRETER_DIED', `The Python interpreter ended: ${end.reason}.${culprit}`)
}

export function overdueMessage(label: string, deadlineMs: number): string {
  return `${label} timed out: it exceeded its timeout of ${deadlineMs / 1000} s`
}

export function overdueFault({ type, traceback }: PythonFault, label: string, deadlineMs: number): PythonFault {
  return { type, message: overdueMessage(label, deadlineMs), traceback }
}

export function lostEntryAnswer(end: InterpreterEnd, label: string, deadlineMs: number): LostEntry {
  const isCulprit = (end.culprit ?? end.only) === label
  const error = { type: 'InterpreterDied', message: lostInterpreterFault(end).message, traceback: '' }
  return { kind: 'lost', isCulprit, error: isCulprit ? (timeOut(end, error, label, deadlineMs) ?? error) : error }
}

/** Returns a failure without its cause, which is only in the history of the culprit. */
function lost<Kind extends 'failed' | 'lost'>(end: InterpreterEnd, call: LostCall, kind: Kind) {
  const error = { type: 'InterpreterDied', message: lostInterpreterFault(end).message, traceback: '' }
  if (end.culprit !== call.label) return { kind, error }
  const stopped = timeOut(end, error, call.label, call.deadlineMs)
  return {
    kind: stopped === null ? kind : 'timedOut',
    error: withQuarantine(stopped ?? error, call.quarantined),
  } as const
}

/** Returns the fault if the call was overdue, or kept an overdue one from stopping; else null. */
function timeOut(end: InterpreterEnd, error: PythonFault, label: string, deadlineMs: number): PythonFault | null {
  if (end.overdue === null) return null
  return end.overdue === label ? overdueFault(error, label, deadlineMs) : { ...error, message: end.reason }
}

function withQuarantine(error: PythonFault, script: string | null): PythonFault {
  if (script === null) return error
  const cause = error.message.replace(/\.$/, '')
  return { ...error, message: `${cause}. For this reason, script "${script}" was moved to its own interpreter.` }
}

function notRun(result: CallResult): PythonFault {
  const message =
    result.kind === 'refused' ? result.reason : `the interpreter sent the unexpected answer "${result.kind}"`
  return { type: 'NotRun', message, traceback: '' }
}

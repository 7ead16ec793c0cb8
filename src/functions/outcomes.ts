/** Turns the ends of calls into the engine's outcomes. Pure. */

import { answerOf } from '../authoring/answers.ts'
import type { NotEntered } from '../engine/ports.ts'
import { triggerLabel } from '../host/process/labels.ts'
import { shownValue } from '../model/arguments.ts'
import type { AttemptOutcome } from '../model/execution.ts'
import { boundedFault, type PythonFault } from '../model/fault.ts'
import type { PollOutcome } from '../model/trigger.ts'
import type { Masks } from '../output/masks.ts'
import { faultOf } from './calls/faults.ts'
import type { CallEnd, Stop } from './calls/function-call.ts'
import { objectText } from './json-text.ts'

/** What never began. */
export const NOT_ENTERED: NotEntered = Object.freeze({ kind: 'notEntered' })

/** Answer to a request that could not start in time. */
export const LATE: NotEntered = Object.freeze({ kind: 'notEntered', isLate: true })

/** What would run it is not loaded here. */
export const NOT_SERVED: NotEntered = Object.freeze({ kind: 'notEntered', isUnserved: true })

const SKIPPED: PollOutcome = Object.freeze({ kind: 'skipped', reason: null })
const FIRED: PollOutcome = Object.freeze({ kind: 'fired', contextText: null })

/** How messages begin that are about an attempt. */
export const TASK_FAILED = 'Task execution failed'

/** How the message of a poll begins that fired what its workflow does not take. */
export function unfitting(trigger: string): string {
  return `${triggerLabel(trigger)} fired with an invalid context`
}

export function pollOutcomeOf(end: CallEnd, trigger: string): PollOutcome | NotEntered {
  const failed = `${triggerLabel(trigger)} raised exception`
  switch (end.kind) {
    case 'returned':
      try {
        return answered(end.value)
      } catch (thrown) {
        return { kind: 'failed', error: boundedFault(faultOf(thrown, failed)) }
      }
    case 'threw':
      return { kind: 'failed', error: boundedFault(faultOf(end.thrown, failed)) }
    case 'stopped':
      if (end.stop.kind === 'stopping') return NOT_ENTERED
      if (end.stop.kind === 'timedOut') return { kind: 'timedOut', error: overdue(end.stop, triggerLabel(trigger)) }
      return { kind: 'failed', error: boundedFault(faultOf(end.stop.reason, `${failed} in the background`)) }
  }
}

/** Of an attempt that returns the text of its context. */
export function attemptOutcomeOf(end: CallEnd, label: string): AttemptOutcome | NotEntered {
  switch (end.kind) {
    case 'returned':
      return { kind: 'completed', contextText: end.value as string }
    case 'threw':
      return { kind: 'failed', error: faultOf(end.thrown, TASK_FAILED) }
    case 'stopped':
      return stoppedOutcome(end.stop, label)
  }
}

function stoppedOutcome(stop: Stop, label: string): AttemptOutcome {
  switch (stop.kind) {
    case 'timedOut':
      return { kind: 'timedOut', error: overdue(stop, label) }
    case 'exited':
      return { kind: 'failed', error: faultOf(stop.reason, TASK_FAILED), isFinal: true }
    case 'background':
      return { kind: 'failed', error: faultOf(stop.reason, `${TASK_FAILED} in the background`) }
    case 'stopping':
      return {
        kind: 'lost',
        error: { type: 'HostClosed', message: `${label} was stopped because the runner is closing`, traceback: '' },
      }
    case 'cancelled': {
      const { message } = stop.reason as Error
      return { kind: 'cancelled', error: { type: 'CancelledError', message, traceback: '' }, lostScripts: [] }
    }
  }
}

/** The script has others of its workflow. */
export function missingTask(label: string, script: string): AttemptOutcome {
  const message = `${label} was not run: script "${script}" no longer declares it`
  return { kind: 'failed', error: { type: 'NotRun', message, traceback: '' } }
}

/** Hides secrets first and cuts the texts afterwards: half a secret would not be found. */
export function maskedFault(fault: PythonFault, masks: Masks | null): PythonFault {
  if (masks === null) return boundedFault(fault)
  const { type, message, traceback } = fault
  return boundedFault({
    type: masks.inText(type),
    message: masks.inText(message),
    traceback: masks.inText(traceback),
  })
}

/** The same words as for Python. */
function overdue({ reason }: Stop, label: string): PythonFault {
  const { message } = reason as Error
  return { type: 'DeadlineError', message: `${label} timed out: ${message.replace(`${label} `, 'it ')}`, traceback: '' }
}

function answered(value: unknown): PollOutcome {
  if (value === false) return SKIPPED
  if (value === true) return FIRED
  const answer = answerOf(value)
  if (answer?.kind === 'skip') return answer.reason === undefined ? SKIPPED : { kind: 'skipped', reason: answer.reason }
  if (answer?.kind === 'fire') return answer.context === undefined ? FIRED : fired(answer.context)
  if (typeof value === 'object' && value !== null) return fired(value)
  throw new TypeError(
    `the function returned ${shownValue(value)}, but must return fire(…), an object, skip(…), true or false`,
  )
}

function fired(context: unknown): PollOutcome {
  return { kind: 'fired', contextText: objectText(context, 'context') }
}

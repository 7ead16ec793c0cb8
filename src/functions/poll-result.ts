/** Converts the end of a poll to its result for the engine. Pure; `function-host.ts` calls it. */

import { objectText } from '../authoring/json-text.ts'
import { type Fire, toPollAnswer } from '../authoring/poll-answers.ts'
import type { TickResult } from '../engine/ports.ts'
import { NOT_STARTED, overdueMessage } from '../host/process/call-outcomes.ts'
import { triggerLabel } from '../host/process/labels.ts'
import { formatValue } from '../model/arguments.ts'
import { limitedFault } from '../model/fault.ts'
import { firedOnce, MAX_FIRINGS, type PolledFiring, type PollOutcome } from '../model/trigger.ts'
import { toPythonFault } from './calls/faults.ts'
import type { CallEnd } from './calls/function-call.ts'
import type { MutableState } from './mutable-state.ts'

type Answered = Extract<PollOutcome, { kind: 'skipped' | 'fired' }>

const SKIPPED: Answered = Object.freeze({ kind: 'skipped', reason: null })
const FIRED: Answered = Object.freeze(firedOnce(null))

/** Poll that has ended. `state`: null if the function takes none. */
export interface EndedPoll {
  readonly trigger: string
  readonly deadlineMs: number
  readonly onChange: boolean
  readonly state: MutableState | null
}

/** Returns the beginning of the message about a fired context that the workflow does not accept. */
export function invalidContextText(trigger: string): string {
  return `${triggerLabel(trigger)} fired with an invalid context`
}

export function pollResult(end: CallEnd, { trigger, deadlineMs, onChange, state }: EndedPoll): TickResult {
  const label = triggerLabel(trigger)
  switch (end.kind) {
    case 'returned':
      try {
        const outcome = returned(end.value, onChange)
        return state === null ? outcome : withState(outcome, state, label)
      } catch (thrown) {
        return failed(thrown, `${label} raised exception`)
      }
    case 'threw':
      return failed(end.thrown, `${label} raised exception`)
    case 'parked':
      return NOT_STARTED
    case 'stopped': {
      if (end.stop.kind === 'stopping') return NOT_STARTED
      if (end.stop.kind !== 'timedOut') return failed(end.stop.reason, `${label} raised exception in the background`)
      const message = overdueMessage(label, deadlineMs)
      return { kind: 'timedOut', error: { type: 'DeadlineError', message, traceback: '' } }
    }
  }
}

function failed(thrown: unknown, beginning: string): TickResult {
  return { kind: 'failed', error: limitedFault(toPythonFault(thrown, beginning)) }
}

function withState(outcome: Answered, state: MutableState, label: string): TickResult {
  try {
    return { ...outcome, stateText: state.textAfterPoll() }
  } catch (thrown) {
    return failed(thrown, `${label} cannot store its state`)
  }
}

function returned(value: unknown, onChange: boolean): Answered {
  if (value === false) return SKIPPED
  if (value === true) return FIRED
  const answer = toPollAnswer(value)
  if (answer?.kind === 'skip') return answer.reason === undefined ? SKIPPED : { kind: 'skipped', reason: answer.reason }
  if (answer?.kind === 'fire') return { kind: 'fired', firings: [firing(answer)], isList: false }
  if (Array.isArray(value)) return listed(value, onChange)
  if (typeof value === 'object' && value !== null) return firedOnce(objectText(value, 'context'))
  throw new TypeError(
    `the function returned ${formatValue(value)}, but must return fire(…), an object, skip(…), true or false`,
  )
}

function firing({ context, key }: Fire<unknown>): PolledFiring {
  const contextText = context === undefined ? null : objectText(context, 'context')
  return { contextText, ...(key !== undefined && { key }) }
}

function listed(answers: readonly unknown[], onChange: boolean): Answered {
  if (onChange) {
    throw new TypeError(
      'the function returned an array, but "onChange" would suppress firings, and their data would be lost. Remove ' +
        '"onChange", or return one answer',
    )
  }
  if (answers.length > MAX_FIRINGS) {
    throw new RangeError(
      `the function returned ${answers.length} firings, but the maximum is ${MAX_FIRINGS}: return the others at the ` +
        'next poll',
    )
  }
  const firings = answers.map((each, index) => {
    const answer = toPollAnswer(each)
    if (answer?.kind === 'fire') return firing(answer)
    const given = answer === null ? formatValue(each) : 'skip(…)'
    throw new TypeError(`an array that the function returns must contain only fire(…), but item ${index} is ${given}`)
  })
  return firings.length === 0 ? SKIPPED : { kind: 'fired', firings, isList: true }
}

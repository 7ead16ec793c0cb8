/** Results of simulated Python functions. They depend only on a number that is drawn for each call. */

import type { AccumulateAnswer, AccumulateRequest } from '../../src/engine/graphs/graph-host.ts'
import type { PollRequest, TaskRequest, TriedLater } from '../../src/engine/ports.ts'
import type { AttemptOutcome } from '../../src/model/execution.ts'
import type { PythonFault } from '../../src/model/fault.ts'
import { firedOnce, type PollOutcome } from '../../src/model/trigger.ts'
import type { Program, ProgramTask, ProgramTrigger } from './program.ts'
import { hashOf } from './random.ts'

export function fault(message: string, type = 'RuntimeError'): PythonFault {
  return { type, message, traceback: '' }
}

export function taskDurationMs(draw: number, isSlow: boolean): number {
  if (isSlow && draw < 0.8) return draw * 2_000
  if (draw < 0.5) return draw * 20
  if (draw < 0.9) return draw * 600
  return draw < 0.98 ? 2_000 : 8_000
}

export function taskOutcome(
  { inputText, taskId, attempt }: TaskRequest,
  task: ProgramTask | undefined,
  draw: number,
): AttemptOutcome | TriedLater {
  const later = task?.triesLater
  if (later !== undefined && hashOf(`${draw} later`) / 2 ** 32 < later.share)
    return { kind: 'tryLater', delayMs: later.delayMs, limit: later.limit }
  const part = hashOf(`${draw} outcome`) / 2 ** 32
  if (part < 0.15) return { kind: 'failed', error: fault('task failed') }
  if (part < 0.17) return { kind: 'lost', error: fault('the interpreter died') }
  if (part < 0.2) return { kind: 'completed', contextText: '{}' }
  const output = { ...(JSON.parse(inputText) as object), [`done_${taskId}`]: attempt, last: taskId }
  return { kind: 'completed', contextText: JSON.stringify(output) }
}

/** Returns the fate of an event, which is the same at each call. */
export function eventFate(eventText: string): 'value' | 'dropped' | 'failed' {
  const part = hashOf(`fate ${eventText}`) / 2 ** 32
  if (part < 0.1) return 'dropped'
  return part < 0.15 ? 'failed' : 'value'
}

export function accumulated({ mode, events, source }: AccumulateRequest, draw: number): AccumulateAnswer {
  if (mode === 'poll') {
    const valueText = JSON.stringify({ polled: `${source} ${draw}` })
    return { kind: 'answered', results: [draw < 0.3 ? { kind: 'value', valueText } : { kind: 'dropped' }] }
  }
  if (mode === 'batch') return { kind: 'answered', results: [{ kind: 'value', valueText: `[${events.join(',')}]` }] }
  const results = events.map((valueText) => {
    const fate = eventFate(valueText)
    if (fate === 'dropped') return { kind: 'dropped' } as const
    if (fate === 'failed') return { kind: 'failed', error: fault('bad event') } as const
    return { kind: 'value', valueText } as const
  })
  // Python may return results for only the first events of a batch.
  return {
    kind: 'answered',
    results: draw < 0.2 ? results.slice(0, Math.max(1, Math.ceil(results.length / 2))) : results,
  }
}

export function pollOutcome(
  program: Program,
  { trigger: name, stateText }: PollRequest,
  draw: number,
  isQuiet: boolean,
): { readonly outcome: PollOutcome; readonly durationMs: number } {
  const trigger = program.triggers.find((each) => each.name === name)
  const part = hashOf(`${draw} outcome`) / 2 ** 32
  const durationMs = draw > 0.98 ? 8_000 : draw > 0.9 ? 700 : draw * 20
  if (trigger?.hasRows) return { outcome: rowsOutcome(trigger, draw, stateText, isQuiet), durationMs }
  if (trigger === undefined || isQuiet) return { outcome: { kind: 'skipped', reason: null }, durationMs }
  if (part < trigger.fires) {
    const context = hashOf(`${draw} context`) % (trigger.contexts + 1)
    const contextText = context === 0 ? null : JSON.stringify({ context })
    return { outcome: firedOnce(contextText), durationMs }
  }
  if (part < trigger.fires + trigger.fails)
    return { outcome: { kind: 'failed', error: fault('poll failed') }, durationMs }
  return { outcome: { kind: 'skipped', reason: draw < 0.2 ? 'nothing new' : null }, durationMs }
}

/** Returns the next rows after the state, or a skip. Some skips change the state, too. */
function rowsOutcome(
  trigger: ProgramTrigger,
  draw: number,
  stateText: string | undefined,
  isQuiet: boolean,
): PollOutcome {
  if (stateText === undefined) return { kind: 'failed', error: fault('the poll received no state') }
  const part = hashOf(`${draw} outcome`) / 2 ** 32
  const { last, seen } = JSON.parse(stateText) as { readonly last: number; readonly seen: number }
  if (!isQuiet && part < trigger.fires) {
    const rows = Array.from({ length: 1 + (hashOf(`${draw} rows`) % 3) }, (_, index) => last + 1 + index)
    const firings = rows.map((row) => ({ contextText: JSON.stringify({ row }), key: `row-${row}` }))
    return { kind: 'fired', firings, isList: true, stateText: JSON.stringify({ last: last + rows.length, seen }) }
  }
  if (!isQuiet && part < trigger.fires + trigger.fails) return { kind: 'failed', error: fault('poll failed') }
  const after = !isQuiet && draw < 0.1 ? JSON.stringify({ last, seen: seen + 1 }) : stateText
  return { kind: 'skipped', reason: draw < 0.2 ? 'nothing new' : null, stateText: after }
}

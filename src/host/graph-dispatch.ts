/** Sends events to sources and payloads to graphs, and converts the results. Called by `dispatcher.ts`. */

import { flatValues } from '../border/flat-values.ts'
import type {
  AccumulateAnswer,
  Accumulated,
  AccumulateRequest,
  GraphResult,
  RunGraphAnswer,
  RunGraphRequest,
} from '../engine/graphs/graph-host.ts'
import type { PythonFault } from '../model/fault.ts'
import type { CallResult } from './process/call-answers.ts'
import { lostEntryAnswer, overdueFault } from './process/call-outcomes.ts'
import type { InterpreterProcess } from './process/interpreter-process.ts'
import { eventsLabel, graphLabel, sourceLabel } from './process/labels.ts'
import type { Generation } from './scripts/generation.ts'

export type CallInterpreter = (generation: Generation, interpreter: InterpreterProcess) => Promise<CallResult>

export type Dispatch = (label: string, stopping: AbortSignal | undefined, call: CallInterpreter) => Promise<CallResult>

const NOT_DECLARED: CallResult = { kind: 'refused', reason: 'it is no longer declared' }

export async function accumulateThrough(request: AccumulateRequest, dispatch: Dispatch): Promise<AccumulateAnswer> {
  const { source, mode, events, firstSequence, deadlineMs, startLimit, stopping, log } = request
  const label = mode === 'poll' ? sourceLabel(source) : eventsLabel(source, firstSequence, events.length)
  const answer = await dispatch(label, stopping, async (generation, interpreter) => {
    if (!generation.declaresSource(source)) return NOT_DECLARED
    return await interpreter.ask({ label, deadlineMs, startLimit, slot: null, log }, (token, start) => ({
      type: 'events',
      token,
      generation: generation.number,
      source,
      mode,
      eventsText: `[${events.join(',')}]`,
      ...start,
    }))
  })
  switch (answer.kind) {
    case 'accumulated':
      return {
        kind: 'answered',
        results: flatValues(answer).map((each) => accumulatedOf(each, sourceLabel(source), deadlineMs)),
      }
    case 'timedOut':
    case 'failed': {
      const error = answer.kind === 'failed' ? answer.error : overdueFault(answer.error, label, deadlineMs)
      return { kind: 'answered', results: [{ kind: answer.kind, error }] }
    }
    default:
      return notAnswered(answer, label, deadlineMs)
  }
}

export async function runGraphThrough(request: RunGraphRequest, dispatch: Dispatch): Promise<RunGraphAnswer> {
  const { graph, payloads, deadlineMs, stopping, log } = request
  const label = graphLabel(graph)
  const answer = await dispatch(label, stopping, async (generation, interpreter) => {
    if (!generation.declaresGraph(graph)) return NOT_DECLARED
    return await interpreter.ask({ label, deadlineMs, slot: null, log }, (token) => ({
      type: 'graphs',
      token,
      generation: generation.number,
      graphs: [graph],
      payloadsText: `[${payloads.join(',')}]`,
    }))
  })
  switch (answer.kind) {
    case 'graphsRan': {
      const results = flatValues(answer).map((each) => graphResultOf(each, label, deadlineMs))
      return { kind: 'answered', results, nodesText: nodesOf(graph, answer.nodesJson) }
    }
    case 'timedOut':
    case 'failed': {
      const error = answer.kind === 'failed' ? answer.error : overdueFault(answer.error, label, deadlineMs)
      return { kind: 'answered', results: [{ kind: answer.kind, error }], nodesText: '{}' }
    }
    default:
      return notAnswered(answer, label, deadlineMs)
  }
}

type Flat = ReturnType<typeof flatValues>[number]

function accumulatedOf(flat: Flat, label: string, deadlineMs: number): Accumulated {
  switch (flat.kind) {
    case 'value':
      return { kind: 'value', valueText: flat.valueText }
    case 'none':
      return { kind: 'dropped' }
    default:
      return failureOf(flat, label, deadlineMs)
  }
}

function graphResultOf(flat: Flat, label: string, deadlineMs: number): GraphResult {
  switch (flat.kind) {
    case 'value':
      return { kind: 'ended', resultText: flat.valueText }
    case 'none':
      return { kind: 'ended', resultText: null }
    default:
      return failureOf(flat, label, deadlineMs)
  }
}

function failureOf(
  flat: Extract<Flat, { readonly kind: 'raised' | 'overdue' }>,
  label: string,
  deadlineMs: number,
): { readonly kind: 'failed' | 'timedOut'; readonly error: PythonFault } {
  if (flat.kind === 'raised') return { kind: 'failed', error: flat.error }
  return { kind: 'timedOut', error: overdueFault(flat.error, label, deadlineMs) }
}

function notAnswered(answer: CallResult, label: string, deadlineMs: number) {
  if (answer.kind === 'notStarted' && !answer.isUnserved) return answer
  if (answer.kind === 'lost') return lostEntryAnswer(answer.end, label, deadlineMs)
  return { kind: 'notServed' } as const
}

/** Returns the nodes of one graph. They are shortened for display, so their numbers need not be exact. */
function nodesOf(graph: string, nodesJson: string): string {
  const nodes = JSON.parse(nodesJson) as Readonly<Record<string, unknown>>
  return JSON.stringify(Object.hasOwn(nodes, graph) ? nodes[graph] : {})
}

/**
 * Script host in place of Python. It answers polls, task runs and calls of graphs with functions of the test, and
 * records the calls. Its delays use the clock that the test advances.
 */

import type { Clock } from '../../src/engine/clock-port.ts'
import type {
  AccumulateAnswer,
  AccumulateRequest,
  RunGraphAnswer,
  RunGraphRequest,
} from '../../src/engine/graphs/graph-host.ts'
import type { NotStarted, PollRequest, ScriptHost, TaskRequest, TaskResult } from '../../src/engine/ports.ts'
import type { AttemptOutcome } from '../../src/model/execution.ts'
import type { PythonFault } from '../../src/model/fault.ts'
import type { PollOutcome } from '../../src/model/trigger.ts'
import { firedOnce } from '../../src/model/trigger.ts'

type Poll = (request: PollRequest) => PollOutcome | Promise<PollOutcome | NotStarted>
type Accumulate = (request: AccumulateRequest) => AccumulateAnswer | Promise<AccumulateAnswer>
type RunGraph = (request: RunGraphRequest) => RunGraphAnswer | Promise<RunGraphAnswer>
type Body = (request: TaskRequest) => TaskResult | Promise<TaskResult>

export const SKIP: PollOutcome = { kind: 'skipped', reason: null }
export const FIRE: PollOutcome = firedOnce(null)

export function fire(contextText: string): PollOutcome {
  return firedOnce(contextText)
}

export function fault(message: string, type = 'ValueError'): PythonFault {
  return { type, message, traceback: `Traceback (most recent call last):\n${type}: ${message}\n` }
}

export function completed(contextText: string): AttemptOutcome {
  return { kind: 'completed', contextText }
}

export const CANCELLED: AttemptOutcome = {
  kind: 'cancelled',
  error: { type: 'Cancelled', message: 'cancelled', traceback: '' },
  lostScripts: [],
}

export function failed(message: string): AttemptOutcome {
  return { kind: 'failed', error: fault(message) }
}

/** Waits until the engine stops, as a call does without an interpreter. */
export function untilStopped({ stopping }: PollRequest | TaskRequest): Promise<NotStarted> {
  return new Promise((resolve) => stopping?.addEventListener('abort', () => resolve({ kind: 'notStarted' })))
}

export class FakeHost implements ScriptHost {
  readonly #clock: Clock
  readonly #polls = new Map<string, Poll>()
  readonly #bodies = new Map<string, Body>()
  readonly #sources = new Map<string, Accumulate>()
  readonly #graphs = new Map<string, RunGraph>()
  /** Calls of sources, in the order of their starts. */
  readonly accumulations: AccumulateRequest[] = []
  /** Calls of graphs, in the order of their starts. */
  readonly graphRuns: RunGraphRequest[] = []
  /** Polls with their start times, in order. */
  readonly polls: { readonly trigger: string; readonly at: number }[] = []
  /** Task runs with their start times, in order. */
  readonly runs: (TaskRequest & { readonly at: number })[] = []
  /** Number of task runs at present. */
  running = 0
  /** Maximum number of simultaneous task runs so far. */
  mostRunning = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Sets the function of a trigger, which skips by default. */
  trigger(name: string, poll: Poll): this {
    this.#polls.set(name, poll)
    return this
  }

  /** Sets the body of a task, which returns its input by default. */
  task(taskId: string, body: Body): this {
    this.#bodies.set(taskId, body)
    return this
  }

  /** Sets the function of a source, which returns each event by default. */
  source(name: string, accumulate: Accumulate): this {
    this.#sources.set(name, accumulate)
    return this
  }

  /** Sets the function of a graph, which returns its payload by default. */
  graph(name: string, run: RunGraph): this {
    this.#graphs.set(name, run)
    return this
  }

  /** Returns an outcome after a delay of the clock that the test advances. */
  after<Outcome>(ms: number, outcome: Outcome): Promise<Outcome> {
    return new Promise((resolve) => this.#clock.wakeAfter(ms, () => resolve(outcome)))
  }

  pollsOf(trigger: string): readonly number[] {
    return this.polls.filter((poll) => poll.trigger === trigger).map((poll) => poll.at)
  }

  runsOf(taskId: string): readonly (TaskRequest & { readonly at: number })[] {
    return this.runs.filter((run) => run.taskId === taskId)
  }

  /** Functions that end the bodies of an execution, by execution id: see `untilCancelled`. */
  readonly #cancels = new Map<string, (() => void)[]>()
  /** Ids of the executions whose tasks the engine cancelled. */
  readonly cancelled: string[] = []

  cancelTasks(executionId: string): void {
    this.cancelled.push(executionId)
    for (const stop of this.#cancels.get(executionId) ?? []) stop()
    this.#cancels.delete(executionId)
  }

  /** Waits, in the body of a task, until its execution is cancelled, and returns the outcome. */
  untilCancelled(request: TaskRequest, outcome: AttemptOutcome = CANCELLED): Promise<AttemptOutcome> {
    return new Promise((resolve) => {
      const stops = this.#cancels.get(request.executionId) ?? []
      this.#cancels.set(request.executionId, [...stops, () => resolve(outcome)])
    })
  }

  async poll(request: PollRequest): Promise<PollOutcome | NotStarted> {
    this.polls.push({ trigger: request.trigger, at: this.#clock.now() })
    return (await this.#polls.get(request.trigger)?.(request)) ?? SKIP
  }

  async runTask(request: TaskRequest): Promise<TaskResult> {
    this.runs.push({ ...request, at: this.#clock.now() })
    this.running += 1
    this.mostRunning = Math.max(this.mostRunning, this.running)
    try {
      return (await this.#bodies.get(request.taskId)?.(request)) ?? completed(request.inputText)
    } finally {
      this.running -= 1
    }
  }

  async accumulate(request: AccumulateRequest): Promise<AccumulateAnswer> {
    this.accumulations.push(request)
    return (await this.#sources.get(request.source)?.(request)) ?? valuesOf(request)
  }

  async runGraph(request: RunGraphRequest): Promise<RunGraphAnswer> {
    this.graphRuns.push(request)
    return (await this.#graphs.get(request.graph)?.(request)) ?? resultsOf(request)
  }
}

/** Returns each event unchanged, a batch as one list, and no value for a poll. */
export function valuesOf({ mode, events }: AccumulateRequest): AccumulateAnswer {
  if (mode === 'poll') return { kind: 'answered', results: [{ kind: 'dropped' }] }
  const values = mode === 'batch' ? [`[${events.join(',')}]`] : events
  return { kind: 'answered', results: values.map((valueText) => ({ kind: 'value', valueText })) }
}

function resultsOf({ payloads }: RunGraphRequest): RunGraphAnswer {
  const results = payloads.map((resultText) => ({ kind: 'ended', resultText }) as const)
  return { kind: 'answered', results, nodesText: '{}' }
}

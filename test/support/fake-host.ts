/**
 * Python that a test scripts. Stands at the ScriptHost port: answers polls and task runs as it was told to, counts
 * them, and takes its time through the clock that the test moves.
 */

import type {
  AccumulateAnswer,
  AccumulateRequest,
  Clock,
  NotEntered,
  PollRequest,
  RunGraphAnswer,
  RunGraphRequest,
  ScriptHost,
  TaskRequest,
} from '../../src/engine/ports.ts'
import type { AttemptOutcome } from '../../src/model/execution.ts'
import type { PythonFault } from '../../src/model/fault.ts'
import type { PollOutcome } from '../../src/model/trigger.ts'

type Poll = (request: PollRequest) => PollOutcome | Promise<PollOutcome | NotEntered>
type Accumulate = (request: AccumulateRequest) => AccumulateAnswer | Promise<AccumulateAnswer>
type RunGraph = (request: RunGraphRequest) => RunGraphAnswer | Promise<RunGraphAnswer>
type Body = (request: TaskRequest) => AttemptOutcome | Promise<AttemptOutcome | NotEntered>

export const SKIP: PollOutcome = { kind: 'skipped', reason: null }
export const FIRE: PollOutcome = { kind: 'fired', contextText: null }

export function fire(contextText: string): PollOutcome {
  return { kind: 'fired', contextText }
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

/** There is no interpreter, and will be none before the engine stops. */
export function untilStopped({ stopping }: PollRequest | TaskRequest): Promise<NotEntered> {
  return new Promise((resolve) => stopping?.addEventListener('abort', () => resolve({ kind: 'notEntered' })))
}

export class FakeHost implements ScriptHost {
  readonly #clock: Clock
  readonly #polls = new Map<string, Poll>()
  readonly #bodies = new Map<string, Body>()
  readonly #sources = new Map<string, Accumulate>()
  readonly #graphs = new Map<string, RunGraph>()
  /** Every entry for a source that began. */
  readonly accumulations: AccumulateRequest[] = []
  /** Every entry for a graph that began. */
  readonly graphRuns: RunGraphRequest[] = []
  /** Every poll that began, with its instant. */
  readonly polls: { readonly trigger: string; readonly at: number }[] = []
  /** Every task run that began. */
  readonly runs: (TaskRequest & { readonly at: number })[] = []
  /** Task runs that are in a body now, and the most there ever were. */
  running = 0
  mostRunning = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What a trigger's function does. It skips unless told otherwise. */
  trigger(name: string, poll: Poll): this {
    this.#polls.set(name, poll)
    return this
  }

  /** What a task's body does. It returns its input unless told otherwise. */
  task(taskId: string, body: Body): this {
    this.#bodies.set(taskId, body)
    return this
  }

  /** What a source's function does. It returns each event unless told otherwise. */
  source(name: string, accumulate: Accumulate): this {
    this.#sources.set(name, accumulate)
    return this
  }

  /** What a graph does. It returns its payload unless told otherwise. */
  graph(name: string, run: RunGraph): this {
    this.#graphs.set(name, run)
    return this
  }

  /** Settles after some time, which passes when the test moves the clock. */
  after<Outcome>(ms: number, outcome: Outcome): Promise<Outcome> {
    return new Promise((resolve) => this.#clock.wakeAfter(ms, () => resolve(outcome)))
  }

  pollsOf(trigger: string): readonly number[] {
    return this.polls.filter((poll) => poll.trigger === trigger).map((poll) => poll.at)
  }

  runsOf(taskId: string): readonly (TaskRequest & { readonly at: number })[] {
    return this.runs.filter((run) => run.taskId === taskId)
  }

  /** Bodies that end when their execution is cancelled: see `untilCancelled`. */
  readonly #cancels = new Map<string, (() => void)[]>()
  /** Executions that were to be stopped. */
  readonly cancelled: string[] = []

  cancelTasks(executionId: string): void {
    this.cancelled.push(executionId)
    for (const stop of this.#cancels.get(executionId) ?? []) stop()
    this.#cancels.delete(executionId)
  }

  /** A body that ends when its execution is cancelled, after some time in its `finally` blocks. */
  untilCancelled(request: TaskRequest, outcome: AttemptOutcome = CANCELLED): Promise<AttemptOutcome> {
    return new Promise((resolve) => {
      const stops = this.#cancels.get(request.executionId) ?? []
      this.#cancels.set(request.executionId, [...stops, () => resolve(outcome)])
    })
  }

  async poll(request: PollRequest): Promise<PollOutcome | NotEntered> {
    this.polls.push({ trigger: request.trigger, at: this.#clock.now() })
    return (await this.#polls.get(request.trigger)?.(request)) ?? SKIP
  }

  async runTask(request: TaskRequest): Promise<AttemptOutcome | NotEntered> {
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

/** Each event as it is; of a batch the list, and of a poll nothing. */
export function valuesOf({ mode, events }: AccumulateRequest): AccumulateAnswer {
  if (mode === 'poll') return { kind: 'answered', results: [{ kind: 'dropped' }] }
  const values = mode === 'batch' ? [`[${events.join(',')}]`] : events
  return { kind: 'answered', results: values.map((valueText) => ({ kind: 'value', valueText })) }
}

export function resultsOf({ payloads }: RunGraphRequest): RunGraphAnswer {
  const results = payloads.map((resultText) => ({ kind: 'ended', resultText }) as const)
  return { kind: 'answered', results, nodesText: '{}' }
}

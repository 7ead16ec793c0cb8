/**
 * One run of a workflow in a test. The engine's `RunState` decides what becomes of each task, the function host calls them; this
 * sequences the two, and lets the clock jump whenever all that runs waits for it.
 */

import { randomUUID } from 'node:crypto'
import type { Step } from '../engine/executions/run-state.ts'
import { RunState } from '../engine/executions/run-state.ts'
import { newExecution } from '../engine/firing-context.ts'
import type { ExecutionEnd, NotEntered, TaskChange } from '../engine/ports.ts'
import { InternalError } from '../errors.ts'
import { DEFERRAL } from '../functions/calls/tools.ts'
import type { FunctionHost } from '../functions/function-host.ts'
import type { ContextText } from '../model/context.ts'
import type { AttemptOutcome, Execution } from '../model/execution.ts'
import type { LogRecord } from '../model/log.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import { codec } from '../native/index.ts'
import { type ClockPort, turn } from './fake-clock.ts'
import { KeptLog } from './output.ts'
import { realLimit } from './real-limit.ts'

/** In the middle of what jitter adds and takes away: delays are the same in every test. */
const NO_JITTER = 0.5

export interface RunPorts {
  readonly host: FunctionHost
  readonly clock: ClockPort
  readonly definition: WorkflowDefinition
  readonly inputText: ContextText
  /** Of an attempt whose task has no limit of its own. */
  readonly limitMs: number
}

/** What is known of a task when the run has ended. */
export interface TaskEnd {
  readonly change: TaskChange
  readonly inputText: ContextText | null
  /** On the clock. */
  readonly attemptedAt: readonly number[]
  readonly records: readonly LogRecord[]
}

export interface RunEnd {
  readonly end: ExecutionEnd
  readonly startedAt: number
  readonly tasks: ReadonlyMap<string, TaskEnd>
}

interface TaskSoFar {
  change: TaskChange | null
  inputText: ContextText | null
  readonly attemptedAt: number[]
  readonly log: KeptLog
}

/** An attempt that has not ended. */
interface OpenAttempt {
  /** How many `deferUntil` of it wait. */
  waits: number
}

export class Run {
  readonly #ports: RunPorts
  readonly #executionId = randomUUID()
  readonly #state: RunState
  readonly #tasks: ReadonlyMap<string, TaskSoFar>
  readonly #open = new Set<OpenAttempt>()
  #end: ExecutionEnd | null = null
  #changed = Promise.withResolvers<void>()
  /** A defect of ours, in a callback. */
  #thrown: unknown = null

  constructor(ports: RunPorts) {
    const { definition, inputText, clock } = ports
    this.#ports = ports
    this.#state = new RunState(executionOf(this.#executionId, definition, inputText, clock.now()), definition, codec)
    this.#tasks = new Map(
      definition.tasks.map(({ id }) => [id, { change: null, inputText: null, attemptedAt: [], log: new KeptLog() }]),
    )
  }

  async run(): Promise<RunEnd> {
    const { clock } = this.#ports
    const startedAt = clock.now()
    clock.onTimer = () => this.#notice()
    try {
      this.#take(this.#state.open(startedAt))
      while (this.#end === null) await this.#goOn()
      return { end: this.#end, startedAt, tasks: new Map([...this.#tasks].map(([id, task]) => [id, ended(id, task)])) }
    } finally {
      clock.onTimer = null
    }
  }

  /** To the next thing that happens. */
  async #goOn(): Promise<void> {
    const changed = this.#changed.promise
    await turn()
    if (this.#thrown !== null) throw this.#thrown
    if (this.#end !== null) return
    if (this.#isBusy()) await changed
    else if (!(await this.#ports.clock.jump()))
      throw new InternalError('The workflow cannot continue: no task is running and no timer is pending.')
  }

  /** Whether a function is at work: then time stands still until it has ended, or waits for the clock. */
  #isBusy(): boolean {
    for (const attempt of this.#open) if (attempt.waits === 0) return true
    return this.#ports.clock.countOf(DEFERRAL) < this.#open.size
  }

  #notice(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #take(step: Step): void {
    const { clock } = this.#ports
    for (const change of step.changes) this.#task(change.taskId).change = change
    this.#end ??= step.end
    for (const { index, notBeforeAt } of step.ready) {
      if (notBeforeAt === null) this.#begin(index)
      else clock.wakeAfter(notBeforeAt - clock.now(), () => this.#begin(index))
    }
  }

  #begin(index: number): void {
    const { host, clock, definition, limitMs } = this.#ports
    const taskId = this.#state.taskId(index)
    const task = this.#task(taskId)
    this.#state.begin(index, clock.now())
    const inputText = this.#inputText(index)
    if (inputText === null) return
    task.inputText = inputText
    task.attemptedAt.push(clock.now())
    const open: OpenAttempt = { waits: 0 }
    this.#open.add(open)
    const deadlineMs = this.#state.timeoutMs(index) ?? limitMs
    const limit = realLimit(clock, deadlineMs)
    const settle = (outcome: AttemptOutcome | NotEntered): void => {
      limit[Symbol.dispose]()
      this.#open.delete(open)
      this.#settle(index, outcome)
      this.#notice()
    }
    host
      .runTask({
        ...{ script: definition.script, executionId: this.#executionId, workflow: definition.key, taskId },
        ...{ attempt: this.#state.attempts(index), inputText, deadlineMs, log: task.log.sink },
        slot: this.#slotOf(open),
      })
      .then(settle)
      .catch((thrown: unknown) => {
        this.#thrown = thrown
        this.#notice()
      })
  }

  #inputText(index: number): ContextText | null {
    try {
      return this.#state.inputText(index)
    } catch (thrown) {
      this.#take(this.#state.failInput(index, thrown, this.#ports.clock.now()))
      return null
    }
  }

  #settle(index: number, outcome: AttemptOutcome | NotEntered): void {
    if (outcome.kind === 'notEntered') throw new InternalError('runWorkflow() did not call the function of a task.')
    this.#take(this.#state.settle(index, outcome, this.#ports.clock.now(), NO_JITTER))
  }

  #slotOf(open: OpenAttempt) {
    return {
      release: () => {
        open.waits += 1
        this.#notice()
      },
      acquire: () => {
        open.waits -= 1
        return Promise.resolve()
      },
    }
  }

  #task(id: string): TaskSoFar {
    const task = this.#tasks.get(id)
    if (task === undefined) throw new InternalError(`A run has no task "${id}".`)
    return task
  }
}

function ended(id: string, { change, inputText, attemptedAt, log }: TaskSoFar): TaskEnd {
  if (change === null) throw new InternalError(`A run ended without its task "${id}".`)
  return { change, inputText, attemptedAt, records: log.records }
}

function executionOf(id: string, definition: WorkflowDefinition, inputText: ContextText, at: number): Execution {
  const { tasks, ...execution } = newExecution(id, definition, inputText)
  return {
    ...execution,
    ...{ status: 'Running', origin: { kind: 'call' }, createdAt: at, startedAt: at, endedAt: null, finalText: null },
    ...{ errorMessage: null, retryOf: null, pausedAt: null, cancelRequestedAt: null },
    tasks: tasks.map((task) => ({
      ...task,
      ...{ status: 'NotStarted', attempts: 0, recoveries: 0, notBeforeAt: null, startedAt: null, endedAt: null },
      ...{ finishedOrder: null, outputText: null, error: null },
    })),
  }
}

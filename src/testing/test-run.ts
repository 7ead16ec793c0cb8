/**
 * One run of a workflow in a test. `RunState` of the engine decides about tasks, and the function host calls them. The
 * clock jumps whenever all running functions wait for it.
 */

import { randomUUID } from 'node:crypto'
import { DEFAULT_CONFIG } from '../engine/engine-config.ts'
import { refusedTryLater } from '../engine/executions/attempts/settled.ts'
import { RunState } from '../engine/executions/run-state.ts'
import type { RunUpdate } from '../engine/executions/run-update.ts'
import { limitKeys } from '../engine/limits/limit-keys.ts'
import type { TaskResult, TriedLater } from '../engine/ports.ts'
import { newExecution } from '../engine/starts/firing-context.ts'
import type { ExecutionEnd, TaskChange } from '../engine/store-ports.ts'
import { preparePayloadChecks } from '../engine/waits/payload-check.ts'
import { InternalError } from '../errors.ts'
import { DEFERRAL_LABEL } from '../functions/calls/tools.ts'
import type { FunctionHost } from '../functions/function-host.ts'
import type { ContextText } from '../model/context.ts'
import type { Execution } from '../model/execution.ts'
import type { LimitDefinition, LimitKey } from '../model/limits/limits.ts'
import type { LogRecord } from '../model/logs/log-record.ts'
import type { NodeWait, WaitEnding } from '../model/waits.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import { codec } from '../native/index.ts'
import { type ClockPort, turn } from './fake-clock.ts'
import type { GivenEvents } from './given-events.ts'
import { KeptLog } from './output.ts'
import { realLimit } from './real-limit.ts'
import { type RunChild, TestMemory } from './test-memory.ts'

/** The middle of the range of jitter: delays are equal in every test. */
const NO_JITTER = 0.5
/** Maximum number of times that a task tries again later: the default of the setting `limits.try-later`. */
const MAX_TRIES_LATER = DEFAULT_CONFIG.triesLater

export interface RunPorts {
  readonly host: FunctionHost
  readonly clock: ClockPort
  readonly definition: WorkflowDefinition
  readonly limits: ReadonlyMap<string, LimitDefinition>
  readonly inputText: ContextText
  /** Limit of an attempt whose task has none. */
  readonly limitMs: number
  readonly runChild: RunChild
  readonly events: GivenEvents
}

/** Result of a task at the end of the run. */
export interface TaskEnd {
  readonly change: TaskChange
  readonly inputText: ContextText | null
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

interface OpenAttempt {
  /** Number of its `deferUntil` calls that wait. */
  waits: number
}

export class TestRun {
  readonly #ports: RunPorts
  readonly #executionId = randomUUID()
  readonly #state: RunState
  readonly #tasks: ReadonlyMap<string, TaskSoFar>
  readonly #open = new Set<OpenAttempt>()
  readonly #memory: TestMemory
  /** Waits that only an event can end, by node, for which the test gives no event. */
  readonly #endless = new Map<string, NodeWait>()
  #end: ExecutionEnd | null = null
  #changed = Promise.withResolvers<void>()
  /** Internal error in a callback. */
  #thrown: unknown = null

  constructor(ports: RunPorts) {
    const { definition, inputText, clock } = ports
    this.#ports = ports
    this.#memory = new TestMemory(this.#executionId, ports.runChild)
    this.#state = new RunState(executionOf(this.#executionId, definition, inputText, clock.now()), definition, codec)
    this.#tasks = new Map(
      definition.tasks.map(({ id }) => [id, { change: null, inputText: null, attemptedAt: [], log: new KeptLog() }]),
    )
  }

  async run(): Promise<RunEnd> {
    const { clock, definition } = this.#ports
    await preparePayloadChecks(new Map([[definition.key, definition]]))
    const startedAt = clock.now()
    // A child runs while its parent waits.
    const { onTimer } = clock
    clock.onTimer = () => this.#notice()
    try {
      this.#take(this.#state.open(startedAt))
      while (this.#end === null) await this.#goOn()
      return { end: this.#end, startedAt, tasks: new Map([...this.#tasks].map(([id, task]) => [id, ended(id, task)])) }
    } finally {
      clock.onTimer = onTimer
    }
  }

  /** Continues to the next event. */
  async #goOn(): Promise<void> {
    const changed = this.#changed.promise
    await turn()
    if (this.#thrown !== null) throw this.#thrown
    if (this.#end !== null) return
    if (this.#isBusy()) await changed
    else if (!(await this.#ports.clock.jump())) throw this.#stuck()
  }

  #stuck(): Error {
    const { definition, events } = this.#ports
    for (const [node, wait] of this.#endless) return events.missing(definition.key, node, wait)
    return new InternalError('The workflow cannot continue: no task is running and no timer is pending.')
  }

  /** Whether a function is running. Time stands still until it has ended or waits for the clock. */
  #isBusy(): boolean {
    for (const attempt of this.#open) if (attempt.waits === 0) return true
    return this.#ports.clock.countOf(DEFERRAL_LABEL) < this.#open.size
  }

  #notice(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #take(step: RunUpdate): void {
    const { clock } = this.#ports
    for (const change of step.changes) {
      this.#task(change.taskId).change = change
      if (change.wait) this.#opened(change.taskId, change.wait)
    }
    this.#end ??= step.end
    for (const { index, notBeforeAt } of step.ready) {
      if (notBeforeAt === null) this.#begin(index)
      else clock.wakeAfter(notBeforeAt - clock.now(), () => this.#begin(index))
    }
  }

  /** Plans the end of a wait: by the event of the test, or else by its deadline. */
  #opened(taskId: string, wait: NodeWait): void {
    const { clock, definition, events } = this.#ports
    this.#task(taskId).inputText = this.#inputText(definition.tasks.findIndex(({ id }) => id === taskId))
    const given = events.endingOf(taskId, wait)
    const { deadlineAt } = wait
    if (given !== null) clock.wakeAfter(0, () => this.#endWait(taskId, given))
    else if (deadlineAt === null) this.#endless.set(taskId, wait)
    else
      clock.wakeAfter(deadlineAt - clock.now(), () => this.#endWait(taskId, { kind: 'elapsed', endedAt: deadlineAt }))
  }

  #endWait(taskId: string, ending: WaitEnding): void {
    this.#take(this.#state.endWait(taskId, ending, this.#ports.clock.now()))
  }

  #begin(index: number): void {
    const { host, clock, definition, limitMs } = this.#ports
    const taskId = this.#state.taskId(index)
    const task = this.#task(taskId)
    const view = this.#state.view()
    const inputText = this.#inputText(index)
    if (inputText === null) return
    this.#state.begin(index, clock.now())
    task.inputText = inputText
    task.attemptedAt.push(clock.now())
    const open: OpenAttempt = { waits: 0 }
    this.#open.add(open)
    const deadlineMs = this.#state.definition(index)?.timeoutMs ?? limitMs
    const limit = realLimit(clock, deadlineMs)
    const settle = (outcome: TaskResult): void => {
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
        view,
        memory: this.#memory.memoryOf(taskId),
      })
      .then(settle)
      .catch((thrown: unknown) => {
        this.#thrown = thrown
        this.#notice()
      })
  }

  /** Fails the task and returns null if its input cannot be created, or has no usable value for a limit. */
  #inputText(index: number): ContextText | null {
    try {
      const inputText = this.#state.inputText(index)
      this.#limitsOf(index, inputText)
      return inputText
    } catch (thrown) {
      this.#take(this.#state.failInput(index, thrown, this.#ports.clock.now()))
      return null
    }
  }

  #settle(index: number, outcome: TaskResult): void {
    if (outcome.kind === 'notStarted' || outcome.kind === 'parked')
      throw new InternalError('runWorkflow() did not call the function of a task.')
    if (outcome.kind === 'tryLater') this.#tryLater(index, outcome)
    else this.#take(this.#state.settle(index, outcome, this.#ports.clock.now(), NO_JITTER))
  }

  /** Begins the task again after the delay. This attempt is not in the result. */
  #tryLater(index: number, later: TriedLater): void {
    const taskId = this.#state.taskId(index)
    const { attemptedAt, inputText } = this.#task(taskId)
    const limits = inputText === null ? [] : this.#limitsOf(index, inputText)
    const refused = refusedTryLater(later, taskId, limits, this.#state.task(index).triesLater, MAX_TRIES_LATER)
    if (refused !== null) {
      this.#settle(index, refused)
      return
    }
    attemptedAt.pop()
    this.#take(this.#state.tryLater(index, later.delayMs, null, this.#ports.clock.now()))
  }

  #limitsOf(index: number, inputText: ContextText): readonly LimitKey[] {
    return limitKeys(this.#state.definition(index)?.limits ?? [], this.#ports.limits, inputText, codec)
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
  const { tasks, ...execution } = newExecution(id, definition, inputText, codec)
  return {
    ...execution,
    priority: execution.priority ?? 0,
    ...{ status: 'Running', origin: { kind: 'call' }, createdAt: at, startedAt: at, endedAt: null, finalText: null },
    ...{ errorMessage: null, cause: null, retryOf: null, pausedAt: null, cancelRequestedAt: null },
    tasks: tasks.map((task) => ({
      ...task,
      ...{ status: 'NotStarted', attempts: 0, recoveries: 0, notBeforeAt: null, startedAt: null, endedAt: null },
      ...{ finishedOrder: null, outputText: null, error: null },
    })),
  }
}
